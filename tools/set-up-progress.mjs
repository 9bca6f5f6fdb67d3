// Owns: how a long step shows that it is alive, on stderr.
// Leaves: what the step does to set-up.mjs.
// Laws: LA5 only a terminal sees a moving line; a log gets whole lines, and few of them.

/** Milliseconds between two pictures of the moving line: smooth enough, and nothing to the processor. */
const PICTURE_MS = 120

/** Milliseconds between two lines in a log: a reader sees life, and the log stays short. */
const LINE_MS = 15_000

const PICTURES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** Begins to show a step. Call `done` or `fail` once, at its end. */
export function progress(what) {
  const began = Date.now()
  const out = process.stderr
  const moving = Boolean(out.isTTY) && !process.env.CI
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`
  let turn = 0
  const draw = () => {
    turn += 1
    if (moving) out.write(`\r\x1b[K${PICTURES[turn % PICTURES.length]} ${what} … ${seconds()}`)
    else out.write(`${what}: at work for ${seconds()}\n`)
  }
  if (!moving) out.write(`${what} …\n`)
  const timer = setInterval(draw, moving ? PICTURE_MS : LINE_MS)
  timer.unref()
  const end = (word) => {
    clearInterval(timer)
    out.write(`${moving ? '\r\x1b[K' : ''}${what}: ${word} ${seconds()}\n`)
  }
  return { done: () => end('done in'), fail: () => end('failed after') }
}
