// Owns: asking a persona from its card: the question, who builds on the answer, the words as they come.
// Leaves: speaking to the kernel's adviser.
// Laws: UI50 a persona can be asked from its card; its words appear as they come, with the facet that speaks.
import { h, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FullState, WireEvent, WireFault } from '#protocol'
import { FaultNote } from './fault-note.ts'
import { TextField } from './text-field.ts'
import { faultOf, useConnection } from './world.ts'

/** Characters of a question: what the wire takes, see WIRE_LIMITS.askLength. */
const QUESTION_MAX = 16_000

interface Speech {
  persona: string
  facet: string | null
  why: string
  text: string
}

/** Whether an object is a persona: its chain holds a voice and facets. */
export function isPersona({ slots }: FullState): boolean {
  const value = (name: string): unknown => slots.find((slot) => slot.name === name)?.value
  return typeof value('voice') === 'string' && Array.isArray(value('facets'))
}

/** What was said so far, with one event more. */
export function heard(speeches: readonly Speech[], event: WireEvent): readonly Speech[] {
  if (event.kind === 'speaking') {
    const { persona, facet, why } = event
    return [...speeches, { persona, facet, why, text: '' }]
  }
  const last = speeches.at(-1)
  if (event.kind !== 'token' || last === undefined) return speeches
  return [...speeches.slice(0, -1), { ...last, text: last.text + event.text }]
}

interface Asking {
  speeches: readonly Speech[]
  fault: WireFault | undefined
  isBusy: boolean
  ask(personas: string[], text: string): void
  cancel(): void
}

function useAsking(): Asking {
  const connection = useConnection()
  const [speeches, setSpeeches] = useState<readonly Speech[]>([])
  const [fault, setFault] = useState<WireFault | undefined>(undefined)
  const [asked, setAsked] = useState<number | undefined>(undefined)
  const cancel = (of: number): void => {
    // Its answer ends the question, also when the kernel knows it no more.
    connection.call('CancelCommand', { of }).answer.catch(() => undefined)
  }
  const left = useRef<number | undefined>(undefined)
  left.current = asked
  useEffect(
    () => () => {
      if (left.current !== undefined) cancel(left.current)
    },
    [],
  )
  const ask = async (personas: string[], text: string): Promise<void> => {
    setSpeeches([])
    setFault(undefined)
    const onEvent = (event: WireEvent): void => setSpeeches((before) => heard(before, event))
    const { id, answer } = connection.call('AskPersonaCommand', { personas, text }, { onEvent })
    setAsked(id)
    try {
      await answer
    } catch (thrown) {
      setFault(faultOf(thrown))
    } finally {
      setAsked(undefined)
    }
  }
  return {
    speeches,
    fault,
    isBusy: asked !== undefined,
    ask: (personas, text) => void ask(personas, text),
    cancel: () => {
      if (asked !== undefined) cancel(asked)
    },
  }
}

export function PersonaForm(props: { target: string }): JSX.Element {
  const { target } = props
  const [text, setText] = useState('')
  const [next, setNext] = useState('')
  const { speeches, fault, isBusy, ask, cancel } = useAsking()
  const submit = (event: Event): void => {
    event.preventDefault()
    const question = text.trim()
    if (question === '' || isBusy) return
    ask(
      [target, next.trim()].filter((one) => one !== ''),
      question,
    )
  }
  return h(
    'form',
    { class: 'send', 'aria-label': `Ask ${target}`, onSubmit: submit },
    h(
      'label',
      { class: 'field' },
      h('span', null, `Ask ${target}`),
      h('textarea', {
        rows: 2,
        value: text,
        maxLength: QUESTION_MAX,
        onInput: (event: { currentTarget: HTMLTextAreaElement }) =>
          setText(event.currentTarget.value),
      }),
    ),
    h(
      'div',
      { class: 'send-fields' },
      h(TextField, {
        label: 'Who builds on the answer',
        value: next,
        grow: true,
        onText: setNext,
        more: { placeholder: 'nobody, or brick' },
      }),
      h('button', { type: 'submit', disabled: isBusy }, 'Ask'),
      isBusy ? h('button', { type: 'button', onClick: cancel }, 'Cancel') : null,
    ),
    speeches.map(({ persona, facet, why, text: words }, index) =>
      h(
        'div',
        { key: index, class: 'answer speech', role: 'group', 'aria-label': `${persona} says` },
        h(
          'span',
          { class: 'answer-title' },
          facet === null ? persona : `${persona}, ${facet}: ${why}`,
        ),
        h('p', { class: 'v-text' }, words || 'The model is reading…'),
      ),
    ),
    fault === undefined ? null : h(FaultNote, { fault }),
  )
}
