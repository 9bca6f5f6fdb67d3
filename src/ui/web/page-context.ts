// Owns: what every part of the page may ask of the whole: send, name an object, say something aloud.
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Message, Outcome } from './activity.ts'
import type { Mind } from './mind.ts'
import type { NameOf } from './world.ts'

export interface PageParts {
  /** Sends a message and shows it in the log. */
  send(message: Message): Promise<Outcome>
  nameOf: NameOf
  /** Undefined until the kernel has told. */
  mind: Mind | undefined
  /** Methods that wait for a person. */
  isWaiting(proposal: string): boolean
  /** Shows the question of one, and goes there. */
  showQuestion(proposal: string): void
  /** Says a sentence to those who listen to the page instead of looking at it. */
  announce(sentence: string): void
}

export const PageContext = createContext<PageParts | undefined>(undefined)

export function usePage(): PageParts {
  const parts = useContext(PageContext)
  if (parts === undefined) throw new Error('this part is drawn outside of the page')
  return parts
}
