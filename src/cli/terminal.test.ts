// The two streams, and progress on them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { handed } from './powers.fixture.ts'
import { megabytes, Progress, spanText } from './progress.ts'
import { plain, Terminal } from './terminal.ts'

const ESCAPE = '\u001b'

/** A clock that moves on when it is told to. */
function makeClock() {
  const clock = Object.assign(() => clock.now, { now: 0 })
  return clock
}

test('[CL12] what could steer a terminal is replaced there, and reaches a pipe as it is', () => {
  const evil = `a${ESCAPE}[2Jb\r\u009b2Jc\td\ne`
  assert.equal(plain(evil), 'a\ufffd[2Jb\ufffd\ufffd2Jc\td\ne')
  const piped = new Terminal(handed().powers, true)
  assert.equal(piped.out.foreign(evil), evil)
  const seen = new Terminal(handed({ terminal: true }).powers, true)
  assert.equal(seen.out.foreign(evil), plain(evil))
})

test('[CL11] a line that changes in place is for terminals, and the next text replaces it', () => {
  const piped = handed()
  new Terminal(piped.powers, true).err.flash('looking')
  assert.equal(piped.err(), '')
  const seen = handed({ terminal: true, columns: 6 })
  const { err } = new Terminal(seen.powers, true)
  err.flash('looking')
  err.line('found')
  assert.equal(seen.err(), `\r${ESCAPE}[Klooki\r${ESCAPE}[Kfound\n`)
})

test('[CL13] without a terminal progress is at most one whole line for each tenth', () => {
  const hands = handed()
  const progress = new Progress(new Terminal(hands.powers, true).err, 'small', makeClock())
  for (let done = 0; done <= 1_000; done++) progress.show(done * 1e6, 1e9, 'hub x')
  progress.end()
  const lines = hands.err().trimEnd().split('\n')
  assert.equal(lines.length, 11)
  assert.equal(lines[0], 'small: 0 %, 0 of 1,000 MB, from hub x')
  assert.equal(lines[10], 'small: 100 %, 1,000 of 1,000 MB, from hub x')
})

test('[CL13] on a terminal it is a bar with rate and time left, cleared at its end', () => {
  const hands = handed({ terminal: true, columns: 120 })
  const clock = makeClock()
  const progress = new Progress(new Terminal(hands.powers, true).err, 'small', clock)
  progress.show(0, 1e9, 'hub x')
  clock.now = 50
  progress.show(1e6, 1e9, 'hub x')
  assert.equal(hands.err().split('\r').length, 2)
  clock.now = 10_000
  progress.show(5e8, 1e9, 'hub x')
  assert.match(
    hands.err(),
    /small {2}█{12}░{12} {2}50 % {2}500 of 1,000 MB {2}50 MB\/s {2}10 s left$/,
  )
  progress.end()
  assert.ok(hands.err().endsWith(`\r${ESCAPE}[K`))
})

test('[CL13] bytes and spans read as people say them', () => {
  assert.equal(megabytes(1_117_320_768), '1,117')
  assert.deepEqual([1.25, 42, 600].map(spanText), ['1.3 s', '42 s', '10 min'])
})
