// Owns: the tests of the judge's process against its client: what it may do, how it hangs, dies, lies and is replaced.
// Leaves: what it answers for a source to the tests of each step.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { spawnNode } from '#powers'
import { Judge, type JudgeOptions } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'judge-'))
after(() => rmSync(folder, { recursive: true }))

/** A judge for one test, closed at its end. */
async function withJudge(options: Partial<JudgeOptions>, work: (judge: Judge) => Promise<void>) {
  const judge = new Judge({ spawn: spawnNode, eager: false, ...options })
  try {
    await work(judge)
  } finally {
    await judge.close()
  }
}

/** A method whose types alone keep the checker busy for a minute: each of many has 16,384 members. */
const ENDLESS = {
  selector: 'f',
  source: `function f(self) {
    type X<T, S> = T extends [any, ...infer R] ? X<R, [S, 0]> | X<R, [S, 1]> : S
    ${Array.from({ length: 60 }, (_, i) => `let a${i}: X<[${'0,'.repeat(14)}], ${i}> = 1`).join('\n')}
  }`,
  declaration: 'interface Self {}',
}

test('[KN56] the process compiles and checks what is asked, in order', async () => {
  await withJudge({}, async (judge) => {
    const [good, bad, checked] = await Promise.all([
      judge.compile('function f(self) { return self.x }'),
      judge.compile('function f(self) { return fetch }'),
      judge.check({
        source: 'function f(self) { return self.y.z }',
        selector: 'f',
        declaration: 'interface Self { y: number }',
      }),
    ])
    assert.equal('code' in good && good.name, 'f')
    assert.equal('problems' in bad && bad.problems[0]?.code, 'FREE_NAME')
    assert.equal('typeProblems' in checked && checked.typeProblems[0]?.code, 'TYPE')
    const refused = await judge.check({ source: '1', selector: 'f', declaration: '' })
    assert.equal('problems' in refused && refused.problems[0]?.code, 'ONE_FUNCTION')
  })
})

test('[KN56] the process may read its own code and do nothing else', async () => {
  const entry = join(folder, 'may.mjs')
  const other = mkdtempSync(join(tmpdir(), 'judge-other-'))
  writeFileSync(join(other, 'secret'), 'x')
  writeFileSync(
    entry,
    `import { readFileSync } from 'node:fs'
    import { spawn } from 'node:child_process'
    import { Worker } from 'node:worker_threads'
    const tries = [() => readFileSync('${join(other, 'secret')}'), () => spawn('true'), () => new Worker('x', { eval: true }), () => new Function('1')]
    const may = tries.map((one) => { try { one(); return 'may' } catch { return 'may not' } })
    const body = Buffer.from(JSON.stringify({ n: 0, last: false, answer: null }))
    const head = Buffer.alloc(4); head.writeUInt32BE(body.length); process.stdout.write(Buffer.concat([head, body]))
    process.stdin.once('data', () => {
      const problems = [{ code: 'TYPE', message: may.join() + Object.keys(process.env).length, line: 1, column: 1 }]
      const reply = Buffer.from(JSON.stringify({ n: 1, last: false, answer: { problems } }))
      head.writeUInt32BE(reply.length); process.stdout.write(Buffer.concat([head, reply]))
    })`,
  )
  const { judgeArguments } = await import('./entry.ts')
  const execArgv = [...judgeArguments(), `--allow-fs-read=${folder}`]
  await withJudge({ entry, execArgv }, async (judge) => {
    const answer = await judge.compile('x')
    const message = 'problems' in answer ? answer.problems[0]?.message : ''
    assert.equal(message, 'may not,may not,may not,may not0')
  })
  rmSync(other, { recursive: true })
})

test('[KN58] a request that hangs ends the process; those behind it are answered by the next', async () => {
  await withJudge({ requestMs: 1_500 }, async (judge) => {
    await judge.ready()
    const first = judge.pid
    const [hung, next] = await Promise.all([
      judge.check(ENDLESS),
      judge.compile('function f(self) { return 1 }'),
    ])
    assert.equal('problems' in hung && hung.problems[0]?.code, 'JUDGE_HUNG')
    assert.equal('code' in next, true)
    assert.notEqual(judge.pid, first)
  })
})

test('[KN58] a process that is killed is replaced, and only the request it had is lost', async () => {
  await withJudge({}, async (judge) => {
    await judge.ready()
    const lost = judge.check(ENDLESS)
    const behind = judge.compile('function f(self) { return 1 }')
    process.kill(judge.pid as number, 'SIGKILL')
    const answer = await lost
    assert.equal('problems' in answer && answer.problems[0]?.code, 'JUDGE_DIED')
    assert.equal('code' in (await behind), true)
  })
})

test('[KN58] a process that does not start is a problem of those who wait, not a loop', async () => {
  const entry = join(folder, 'dead.mjs')
  writeFileSync(entry, 'process.exit(3)')
  await withJudge({ entry, execArgv: [] }, async (judge) => {
    const answer = await judge.compile('function f(self) {}')
    assert.equal('problems' in answer && answer.problems[0]?.code, 'JUDGE_DIED')
  })
})

test('[KN58] the process ends when its input does', async () => {
  const { judgeArguments, judgeEntry } = await import('./entry.ts')
  const child = spawnNode(judgeEntry(), { execArgv: judgeArguments() })
  const ended = new Promise((resolve) => child.onExit(resolve))
  child.stdout.once('data', () => child.stdin.end())
  assert.equal(await ended, 0)
})

test('[KN58] a closed judge answers what waits, and what comes later, with a problem', async () => {
  const judge = new Judge({ spawn: spawnNode, eager: false })
  const waiting = judge.compile('function f(self) {}')
  await judge.close()
  const answers = [await waiting, await judge.compile('function f(self) {}')]
  for (const answer of answers) {
    assert.equal('problems' in answer && answer.problems[0]?.code, 'JUDGE_DIED')
  }
})

test('[KN58] a process that asks to be replaced answers its request, and the next goes to another', async () => {
  const entry = join(folder, 'last.mjs')
  writeFileSync(
    entry,
    `const say = (value) => {
      const body = Buffer.from(JSON.stringify(value)), head = Buffer.alloc(4)
      head.writeUInt32BE(body.length); process.stdout.write(Buffer.concat([head, body]))
    }
    say({ n: 0, last: false, answer: null })
    process.stdin.on('data', (chunk) => {
      const { n } = JSON.parse(chunk.subarray(4).toString())
      const problems = [{ code: 'SOURCE_DEPTH', message: String(process.pid), line: 1, column: 1 }]
      say({ n, last: true, answer: { problems } })
    })`,
  )
  await withJudge({ entry, execArgv: [] }, async (judge) => {
    const answers = await Promise.all([judge.compile('a'), judge.compile('b')])
    const pids = answers.map((one) => ('problems' in one ? one.problems[0]?.message : undefined))
    assert.match(pids[0] ?? '', /^[0-9]+$/)
    assert.match(pids[1] ?? '', /^[0-9]+$/)
    assert.notEqual(pids[0], pids[1])
  })
})

test('[KN58] a process that dies while it warms is not started for ever', async () => {
  const entry = join(folder, 'cold.mjs')
  writeFileSync(
    entry,
    `const body = Buffer.from(JSON.stringify({ n: 0, last: false, answer: null })), head = Buffer.alloc(4)
    head.writeUInt32BE(body.length); process.stdout.write(Buffer.concat([head, body]))
    process.stdin.once('data', () => process.exit(4))`,
  )
  await withJudge({ entry, execArgv: [], eager: true }, async (judge) => {
    const checked = await judge.check({ source: 'x', selector: 'x', declaration: '' })
    assert.equal('problems' in checked && checked.problems[0]?.code, 'JUDGE_DIED')
    assert.match(('problems' in checked && checked.problems[0]?.message) || '', /cannot start/)
    assert.equal(judge.pid, undefined)
  })
})

const HOSTILE: Record<string, string> = {
  'no JSON': '"}{"',
  'another number': 'JSON.stringify({ n: 7, last: false, answer: null })',
  'code that is no text':
    'JSON.stringify({ n: 1, last: false, answer: { code: 1, globals: [], name: null, params: [], arity: {}, facts: {} } })',
  'no problems': 'JSON.stringify({ n: 1, last: false, answer: { problems: [] } })',
  nothing: '""',
}

for (const [what, reply] of Object.entries(HOSTILE)) {
  test(`[KN57] a reply of ${what} ends the process and is a problem`, async () => {
    const entry = join(folder, `hostile-${what.replaceAll(' ', '-')}.mjs`)
    writeFileSync(
      entry,
      `const say = (text) => {
        const body = Buffer.from(text), head = Buffer.alloc(4)
        head.writeUInt32BE(body.length); process.stdout.write(Buffer.concat([head, body]))
      }
      say(JSON.stringify({ n: 0, last: false, answer: null }))
      process.stdin.once('data', () => say(${reply}))`,
    )
    await withJudge({ entry, execArgv: [] }, async (judge) => {
      const answer = await judge.compile('function f(self) {}')
      assert.equal('problems' in answer && answer.problems[0]?.code, 'JUDGE_DIED')
    })
  })
}
