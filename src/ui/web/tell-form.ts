// Owns: plain words: the box for them, the messages that they come to, and the button that sends those.
// Leaves: what the words mean to the mind; sending to activity.ts, which shows every step.
// Laws: UI49 plain words are shown as messages before anything is sent; what is not sure sends nothing, and offers its readings.
import { h, type JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { WireFault } from '#protocol'
import { sendCommand } from './arguments.ts'
import { FaultNote } from './fault-note.ts'
import { usePage } from './page-context.ts'
import { WIRE_TEXT } from './wire-text.ts'
import { faultOf, useConnection } from './world.ts'

/** A message that words came to, as TellCommand shows it. */
interface ToldMessage {
  target: string
  selector: string
  args: unknown[]
  intent?: string
}

type Reading =
  | { kind: 'none' }
  | { kind: 'asking' }
  | { kind: 'shown'; readings: ToldMessage[][]; fault: WireFault | undefined }

export function TellForm(props: { target: string }): JSX.Element {
  const { target } = props
  const [isOpen, setOpen] = useState(false)
  return h(
    'div',
    { class: 'send' },
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-expanded': isOpen,
          onClick: () => setOpen(!isOpen),
        },
        isOpen ? 'Without plain words' : 'Say it in plain words',
      ),
    ),
    isOpen ? h(Words, { target }) : null,
  )
}

function Words(props: { target: string }): JSX.Element {
  const { target } = props
  const connection = useConnection()
  const { send } = usePage()
  const [text, setText] = useState('')
  const [reading, setReading] = useState<Reading>({ kind: 'none' })
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault()
    const words = text.trim()
    if (words === '') return
    setReading({ kind: 'asking' })
    try {
      const fields = { text: words, target, preview: true }
      const { result } = await connection.read('TellCommand', fields)
      const { messages } = result as { messages: ToldMessage[] }
      setReading({ kind: 'shown', readings: [messages], fault: undefined })
    } catch (thrown) {
      const fault = faultOf(thrown)
      setReading({ kind: 'shown', readings: readingsIn(fault), fault })
    }
  }
  const sendAll = async (messages: readonly ToldMessage[]): Promise<void> => {
    setReading({ kind: 'none' })
    for (const { intent = '', ...message } of messages) {
      // The first that fails ends it; what was done before stays, and the log tells it.
      const { ok } = await send({ ...message, intent })
      if (!ok) return
    }
    setText('')
  }
  return h(
    'form',
    { class: 'send', 'aria-label': 'Plain words', onSubmit: (event: Event) => void ask(event) },
    h(
      'label',
      { class: 'field' },
      h('span', null, `What ${target}, or objects that you name, should do`),
      h('textarea', {
        rows: 2,
        value: text,
        maxLength: WIRE_TEXT.intent,
        onInput: (event: { currentTarget: HTMLTextAreaElement }) => {
          setText(event.currentTarget.value)
          setReading({ kind: 'none' })
        },
      }),
    ),
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        { type: 'submit', disabled: reading.kind === 'asking' },
        reading.kind === 'asking' ? 'Reading…' : 'Show the messages',
      ),
    ),
    reading.kind === 'shown'
      ? h(Readings, { ...reading, onSend: (messages) => void sendAll(messages) })
      : null,
  )
}

function Readings(props: {
  readings: ToldMessage[][]
  fault: WireFault | undefined
  onSend(messages: readonly ToldMessage[]): void
}): JSX.Element {
  const { readings, fault, onSend } = props
  return h(
    'div',
    { class: 'readings', role: 'group', 'aria-label': 'What the words come to' },
    fault === undefined ? null : h(FaultNote, { fault }),
    readings.map((messages, index) =>
      h(
        'div',
        { key: index, class: 'question' },
        h(
          'ol',
          { class: 'v-list' },
          messages.map(({ target, selector, args, intent = '' }, nth) =>
            h('li', { key: nth }, h('code', null, sendCommand(target, selector, args, intent))),
          ),
        ),
        h(
          'button',
          { type: 'button', class: 'primary', onClick: () => onSend(messages) },
          fault === undefined ? 'Send these' : 'Send this reading',
        ),
      ),
    ),
  )
}

/** What words that were not sure may mean, as the refusal has it. */
function readingsIn({ data }: WireFault): ToldMessage[][] {
  const options = data?.['options']
  if (!Array.isArray(options)) return []
  return options.map(({ messages }: { messages: ToldMessage[] }) => messages)
}
