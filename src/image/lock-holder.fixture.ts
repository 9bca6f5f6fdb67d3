// Owns: a process that holds a lock until its input ends or it is killed, for lock.test.ts.
// Leaves: everything else.
// Laws: none of its own; no part of a running kernel imports this.
import { holdLock } from './lock.ts'

const lock = holdLock(process.argv[2] as string)
process.stdin.resume().on('end', () => lock[Symbol.dispose]())
process.stdout.write('held\n')
