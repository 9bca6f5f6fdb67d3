// Owns: the form with which a method is given: its source, what it does, what speaks against it.
// Leaves: what a method must keep to, and the comparison, to the kernel; where the form opens to method-body.ts and new-method.ts.
// Laws: UI54 a method is given on top of the version that was shown; nothing that was typed is lost by a refusal.
import { h, type JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { SlotState, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { counted } from './proposals.ts'
import { SourceCode } from './source-code.ts'
import { TextField } from './text-field.ts'
import { WIRE_TEXT } from './wire-text.ts'
import { faultOf, useConnection } from './world.ts'

/** What is being written: on top of which change of the slot, null where it must not be there. */
export interface MethodDraft {
  source: string
  comment: string
  expect: string | null
}

/** What came of giving a method, or would come of it: then there is no `tid`. */
export interface GivenMethod {
  tid: string | null
  version: number
  compared?: number
  warnings?: string[]
  overruled?: string[]
}

interface FormProps {
  /** The oid of the object that gets it. */
  target: string
  selector: string
  draft: MethodDraft
  /** The slot as it is now, undefined where there is none. */
  now: SlotState | undefined
  onDraft(draft: MethodDraft): void
  onGiven(given: GivenMethod): void
  onCancel(): void
}

/** Only say what would come of it, give it, or give it whatever people said. */
type How = 'look' | 'give' | 'anyway'

interface Giving {
  isBusy: boolean
  fault: WireFault | undefined
  looked: GivenMethod | undefined
  give(how: How, draft?: MethodDraft): void
}

/** Giving once at a time. What was said of the source goes when it is given again. */
function useGiving(props: FormProps): Giving {
  const { target, selector, onGiven } = props
  const connection = useConnection()
  const { announce } = usePage()
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const [looked, setLooked] = useState<GivenMethod | undefined>(undefined)
  const give = async (how: How, draft: MethodDraft): Promise<void> => {
    setBusy(true)
    setFault(undefined)
    setLooked(undefined)
    const { source, comment, expect } = draft
    const fields = {
      ...{ target, method_name: selector, source, comment: comment.trim(), expect },
      replace: how === 'anyway' ? ('anyway' as const) : ('checked' as const),
      ...(how === 'look' ? { preview: true } : {}),
    }
    try {
      const { result } = await connection.call('CreateMethodCommand', fields).answer
      const given = result as GivenMethod
      if (given.tid === null) setLooked(given)
      else onGiven(given)
      announce(givenText(selector, given))
    } catch (thrown) {
      const refused = faultOf(thrown)
      setFault(refused)
      announce(refused.message)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, fault, looked, give: (how, draft = props.draft) => void give(how, draft) }
}

export function MethodForm(props: FormProps): JSX.Element {
  const { selector, draft, onDraft, onCancel } = props
  const giving = useGiving(props)
  const { isBusy, fault, looked, give } = giving
  const isReady = !isBusy && selector !== '' && draft.source.trim() !== ''
  const submit = (event: Event): void => {
    event.preventDefault()
    if (isReady) give('give')
  }
  return h(
    'form',
    { class: 'send method-form', 'aria-label': `Give ${selector || 'a method'}`, onSubmit: submit },
    h(SourceField, { draft, isBad: fault?.code === 'METHOD_FAILED', onDraft }),
    h(TextField, {
      label: 'What it does, if you like',
      value: draft.comment,
      onText: (comment) => onDraft({ ...draft, comment }),
      more: { maxLength: WIRE_TEXT.intent },
    }),
    h(Moved, { ...props, isBusy }),
    fault === undefined ? null : h(Refused, { fault, isReady, onAnyway: () => give('anyway') }),
    looked === undefined ? null : h(GivenNote, { selector, given: looked }),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'submit', class: 'primary', disabled: !isReady },
        isBusy ? 'One moment…' : 'Give it',
      ),
      h(
        'button',
        { type: 'button', disabled: !isReady, onClick: () => give('look') },
        'Look first',
      ),
      h(
        'button',
        { type: 'button', class: 'quiet', disabled: isBusy, onClick: onCancel },
        'Cancel',
      ),
    ),
  )
}

function SourceField(props: {
  draft: MethodDraft
  isBad: boolean
  onDraft(draft: MethodDraft): void
}): JSX.Element {
  const { draft, isBad, onDraft } = props
  return h(
    'label',
    { class: 'field' },
    h('span', null, 'Source, one function'),
    h('textarea', {
      rows: Math.min(Math.max(draft.source.split('\n').length + 1, 4), 24),
      class: 'own-source',
      value: draft.source,
      maxLength: WIRE_TEXT.source,
      spellcheck: false,
      autocapitalize: 'off',
      'aria-invalid': isBad,
      onInput: (event: { currentTarget: HTMLTextAreaElement }) =>
        onDraft({ ...draft, source: event.currentTarget.value }),
    }),
  )
}

/** Somebody else changed the slot meanwhile: both sources, and the person decides. */
function Moved(props: FormProps & { isBusy: boolean }): JSX.Element | null {
  const { draft, now, selector, isBusy, onDraft, onCancel } = props
  const found = now?.tid ?? null
  const what =
    draft.expect === null
      ? ' There is a slot of this name already.'
      : ' This slot was changed while you were writing.'
  if (found === draft.expect || isBusy) return null
  return h(
    'div',
    { class: 'conflict', role: 'group', 'aria-label': `Conflict about ${selector}` },
    h('p', null, h('strong', null, 'CONFLICT'), what),
    now?.source === undefined
      ? h(
          'p',
          { class: 'hint' },
          now === undefined ? 'It is gone.' : `It is a ${now.kind} slot now.`,
        )
      : h(SourceCode, { source: now.source, label: `Source of ${selector} in the image` }),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'button', onClick: () => onDraft({ ...draft, expect: found }) },
        'Go on with mine',
      ),
      h('button', { type: 'button', class: 'quiet', onClick: onCancel }, 'Keep the other'),
    ),
  )
}

/** Why it was refused; what people said may be overruled. */
function Refused(props: { fault: WireFault; isReady: boolean; onAnyway(): void }): JSX.Element {
  const { fault, isReady, onAnyway } = props
  const { unlike } = (fault.data ?? {}) as { unlike?: string[] }
  if (unlike === undefined) return h(FaultNote, { fault })
  return h(
    'div',
    { class: 'conflict', role: 'group', 'aria-label': 'What speaks against it' },
    h('p', null, h('strong', null, fault.code), ' It is not given, and nothing has changed:'),
    h(
      'ul',
      null,
      unlike.map((sentence) => h('li', { key: sentence }, sentence)),
    ),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'button', disabled: !isReady, onClick: onAnyway },
        'Give it all the same',
      ),
      h('span', { class: 'hint' }, 'Its record keeps what you overruled.'),
    ),
  )
}

/** What came of it, with what a person may want to know. */
export function GivenNote(props: { selector: string; given: GivenMethod }): JSX.Element {
  const { selector, given } = props
  const said = [...(given.warnings ?? []), ...(given.overruled ?? []).map(overruledText)]
  return h(
    'div',
    { class: 'given' },
    h('p', { class: given.tid === null ? 'hint' : 'saved' }, givenText(selector, given)),
    said.map((sentence) => h('p', { key: sentence, class: 'hint' }, sentence)),
  )
}

const overruledText = (sentence: string): string => `Overruled: ${sentence}`

function givenText(selector: string, { tid, version, compared = 0 }: GivenMethod): string {
  const on = compared === 0 ? '' : `, compared on ${counted(compared, 'call')}`
  if (tid === null) return `It would be version ${version} of ${selector}${on}.`
  return `${selector} given: version ${version}, transaction ${tid}${on}.`
}
