// Owns: how a model is asked what to do next, and which of the directives its answer is.
// Laws: RK11 an answer is the one directive that it begins with.
import type { ChatMessage } from '../provider.ts'
import type { Directive } from './task-file.ts'

/** All messages for one directive. */
export function directiveMessages(
  directives: readonly Directive[],
  situation: string,
): ChatMessage[] {
  const rules = [
    'You decide what a live world of objects does next. It can do just one of these:',
    ...directives.map(({ name, about }) => `- ${name}: ${about}`),
    'Answer with that one word and nothing else.',
  ]
  return [
    { role: 'system', content: rules.join('\n') },
    { role: 'user', content: `Situation: ${situation}\nWhat next?` },
  ]
}

/** The directive that a text is, whatever its case and the signs around it; undefined when it is none. */
export function readDirective(text: string, directives: readonly Directive[]): string | undefined {
  const [word = ''] = /[A-Za-z_]+/.exec(text) ?? []
  return directives.find(({ name }) => name.toLowerCase() === word.toLowerCase())?.name
}
