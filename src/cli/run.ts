// Owns: one run of the command line: parse, do, report, and what Ctrl-C means meanwhile.
// Leaves: what the commands are to program.ts; what they do to their verbs.
// Laws: CL6 Ctrl-C is answered at once, ends the work within GRACE, and pressed again ends the process.
import { EXIT } from './exit-codes.ts'
import type { Powers } from './powers.ts'
import { parse } from './program.ts'
import { report } from './report.ts'
import { Terminal } from './terminal.ts'

/** Milliseconds that an ended command has to leave in order. */
const GRACE = 2_500

/** How a signal ends a command; a verb that serves until told to stop takes SIGTERM as its ordinary end. */
interface Interrupt {
  readonly signal: AbortSignal
  readonly by: string | undefined
}

/** Runs the words given; answers the exit code. Never throws. */
export async function run(powers: Powers): Promise<number> {
  const color = !powers.words.includes('--no-color')
  const terminal = new Terminal(powers, color)
  const interrupt = listenForEnd(powers, terminal)
  // Until the words are parsed nothing is known of options, and a failure must be told all the same.
  const options = { json: powers.words.includes('--json'), debug: powers.words.includes('--debug') }
  try {
    const code = await parse(powers, terminal, interrupt.signal)
    return interrupt.by === undefined ? code : endOf(interrupt.by, code)
  } catch (thrown) {
    if (interrupt.by !== undefined) return EXIT.interrupted
    return report(terminal, thrown, options)
  }
}

/** A verb that ended by itself after a signal keeps its own code, but for Ctrl-C, which is always told. */
const endOf = (by: string, code: number) => (by === 'SIGINT' ? EXIT.interrupted : code)

function listenForEnd(powers: Powers, terminal: Terminal): Interrupt {
  const controller = new AbortController()
  let by: string | undefined
  powers.onSignal((signal) => {
    if (by !== undefined) return powers.quit(EXIT.interrupted)
    by = signal
    const again = signal === 'SIGINT' ? ' Press Ctrl-C again to end at once.' : ''
    terminal.err.line(`Stopping.${again}`)
    controller.abort(new Error('the command was ended'))
    powers.later(GRACE, () => powers.quit(EXIT.interrupted))
  })
  return {
    signal: controller.signal,
    get by() {
      return by
    },
  }
}
