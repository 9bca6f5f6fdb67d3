// Owns: the operations on personas, and on the cases of the Crucible.
// Leaves: speaking to the adviser, which objects are personas and the cases to the kernel.
// Laws: BR80 personas speak in the order given, and each is given the words of those before it. BR81 a question that is
// cancelled, or whose sender is gone, stops the model.
import { asFault } from '#ground'
import {
  type Adviser,
  isPersona,
  kernelFault,
  type Persona,
  personaOf,
  placesIn,
  type Spoken,
} from '#kernel'
import { type Heard, type Oid, oidText, type PersonaInquiry, parseOid } from '#objects'
import type { Dispatcher, Handlers } from './dispatch.ts'

type PersonaOperation =
  | 'ListPersonasCommand'
  | 'GetPersonaCommand'
  | 'AskPersonaCommand'
  | 'ListCasesCommand'
  | 'GetCaseCommand'

/** Names that are looked at for personas: each is an object to read. */
const NAMES_MAX = 10_000

/** Purposes whose route `GetPersonaCommand` shows. */
const PURPOSES = ['dialogue', 'review', 'code'] as const

export const PERSONA_HANDLERS: Pick<Handlers, PersonaOperation> = {
  ListPersonasCommand: (d, session, id) => {
    const { head } = d.kernel
    const personas = head.store
      .names({ limit: NAMES_MAX })
      .filter(({ oid }) => isPersona(head, oid))
      .map(({ name, oid }) => {
        const { facets, ...persona } = personaOf(head, oid, name)
        return {
          target: name,
          oid: oidText(oid),
          name: persona.name,
          voice: persona.voice,
          facets: facets.map((one) => ({ name: one.name, kind: one.kind, purpose: one.purpose })),
        }
      })
    session.reply(id, { ok: true, result: { personas } })
  },
  GetPersonaCommand: (d, session, id, { persona: target }) => {
    const oid = d.kernel.head.resolve(target)
    const persona = personaOf(d.kernel.head, oid, target)
    const adviser = adviserOf(d)
    const routes = PURPOSES.map((purpose) => adviser.route(inquiryOf(persona, '', [], purpose)))
    session.reply(id, {
      ok: true,
      result: { target, oid: oidText(oid), ...persona, routes, model: adviser.name },
    })
  },
  AskPersonaCommand: (d, session, id, { personas, text, purpose = '' }) => {
    const { head } = d.kernel
    const adviser = adviserOf(d)
    const asked = personas.map((target) => ({
      target,
      persona: personaOf(head, head.resolve(target), target),
    }))
    const ending = new AbortController()
    session.expect(id)
    session.expectUntil(id, () => {
      ending.abort(kernelFault('CANCELLED', 'the question was cancelled'))
      return true
    })
    const speak = async () => {
      const answers: (Spoken & { target: string })[] = []
      for (const { target, persona } of asked) {
        const heard = answers.map((one) => ({ name: one.persona, text: one.text }))
        const inquiry = inquiryOf(persona, text, heard, purpose)
        const tell = (event: Record<string, unknown>) => session.event(id, event)
        answers.push({ target, ...(await adviser.speak(inquiry, tell, ending.signal)) })
      }
      return answers
    }
    speak().then(
      (answers) => session.reply(id, { ok: true, result: { answers } }),
      (error: unknown) => session.reply(id, { ok: false, fault: faultOf(error) }),
    )
  },
  ListCasesCommand: (d, session, id) => {
    const all = d.kernel.cases.list()
    const cases = all.map((one) => ({ ...one, time: new Date(one.time) }))
    const places = placesOf(
      d,
      all.map(({ holder }) => holder),
    )
    session.reply(id, { ok: true, result: { cases, places } })
  },
  GetCaseCommand: (d, session, id, fields) => {
    const found = d.kernel.cases.get(fields.case)
    const places = placesOf(d, [found.holder, found.receiver])
    const { proposal, ...rest } = found
    const decided = proposal?.decided
    const result = {
      ...rest,
      time: new Date(found.time),
      ...(proposal === undefined ? {} : { proposal }),
      ...(proposal === undefined || decided === undefined
        ? {}
        : { proposal: { ...proposal, decided: { ...decided, time: new Date(decided.time) } } }),
      places,
    }
    session.reply(id, { ok: true, result })
  },
}

/** Who speaks for personas. Faults POLICY. */
export function adviserOf({ kernel }: Dispatcher): Adviser {
  const { adviser } = kernel.options
  if (adviser === undefined) {
    throw kernelFault('POLICY', 'this kernel has nothing that speaks for personas')
  }
  return adviser
}

const inquiryOf = (
  { name, voice, facets }: Persona,
  text: string,
  heard: Heard[],
  purpose: string,
): PersonaInquiry => ({ of: 'persona', name, voice, facets, text, heard, purpose })

function faultOf(error: unknown) {
  return (
    asFault(error)?.toRecord() ??
    kernelFault('METHOD_FAILED', `the question broke: ${String(error)}`).toRecord()
  )
}

/** What people call the objects of some cases. */
function placesOf({ kernel }: Dispatcher, texts: readonly string[]): Record<string, string> {
  const oids = [...new Set(texts)].flatMap((text): Oid[] => {
    const oid = parseOid(text)
    return oid !== undefined && kernel.head.has(oid) ? [oid] : []
  })
  return placesIn(kernel.head, oids)
}
