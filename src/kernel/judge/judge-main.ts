// Owns: the judge's process: one request a frame in, one reply a frame out, in order.
// Leaves: time, memory and what the answers mean to the kernel, which kills this process when it must.
// Laws: KN56 it reads sources and runs none; KN58 it ends with its input, so it never outlives the kernel.
import { FrameReader, frame } from '#ground'
import type { JudgeReply, JudgeRequest } from './answer.ts'
import { compileMethod } from './compile.ts'
import { stripperBroken } from './parse.ts'
import { TypeChecker } from './typing.ts'

let checker: TypeChecker | undefined

/** A method that uses a little of everything, so that the first real check finds the libraries read. */
const WARMING = {
  source:
    'function warm(self, list) { return list.map((x) => x + self.count).join(`${new Map()}`) }',
  selector: 'warm',
  declaration: 'interface Self { count: number }',
  argTypes: ['number[]'],
}

function answer(request: JudgeRequest): JudgeReply['answer'] {
  switch (request.op) {
    case 'ping':
      return null
    case 'warm':
      compileMethod(WARMING.source)
      checker ??= new TypeChecker()
      checker.check(WARMING)
      return null
    case 'compile':
      return compileMethod(request.source)
    case 'check': {
      const compiled = compileMethod(request.source)
      if ('problems' in compiled) return compiled
      checker ??= new TypeChecker()
      return { ...compiled, typeProblems: checker.check(request) }
    }
  }
}

function reply(n: number, value: JudgeReply['answer']): void {
  const message: JudgeReply = { n, last: stripperBroken(), answer: value }
  process.stdout.write(frame(Buffer.from(JSON.stringify(message))))
}

const reader = new FrameReader()
process.stdin.on('data', (chunk: Buffer) => {
  for (const body of reader.push(chunk)) {
    const request = JSON.parse(body.toString()) as JudgeRequest
    reply(request.n, answer(request))
  }
})
process.stdin.on('end', () => process.exit(0))
// The first reply, to no request, says that requests are read now.
reply(0, null)
