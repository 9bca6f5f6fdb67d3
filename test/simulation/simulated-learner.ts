// Owns: a learner that has its methods ready: when it is slow, when it fails, when it tries them first.
// Leaves: the methods to bank.ts.
// Laws: KN12 one generation serves everyone; it asks for nothing that it was not handed in.
import type { Learner } from '#kernel'
import { LEARNT, learntSource } from './bank.ts'
import { compile, nothingDrafted, pause } from './boot.ts'
import type { Life, Universe } from './universe.ts'

/** `isCalm`: it never fails at what it has. */
export function simulatedLearner(universe: Universe, life: Life, isCalm: boolean): Learner {
  const fault = (code: string) => ({ kind: 'fault' as const, fault: nothingDrafted(code) })
  return {
    name: 'scripted',
    learn: async ({ need, signal, frame }, bench) => {
      if (need.kind !== 'method') return fault('GENERATION_REFUSED')
      await pause(universe, life, universe.pick([1, 300, 3_000]), `a draft of ${need.selector}`)
      const { selector, learner: holder } = need
      if (!LEARNT.includes(selector)) return fault('GENERATION_REFUSED')
      if (!isCalm && universe.chance(0.1)) return fault('GENERATION_FAILED')
      if (signal.aborted && universe.chance(0.5)) return fault('GENERATION_FAILED')
      const source = learntSource(selector)
      const code = compile(source)
      if (!('code' in code)) throw new Error('a draft does not compile')
      if (universe.chance(0.5)) {
        const request = { ...frame, target: need.receiver, selector, args: need.args }
        const candidate = { learner: holder, selector, code, request }
        const [report] = await bench.trial(candidate, [{}])
        universe.say(`a trial of ${selector}: ${report.kind}`)
        if (report.kind === 'fault') return fault('GENERATION_FAILED')
      }
      const fields = { selector, source, comment: '', author: 'learner', version: 1, holder }
      try {
        await bench.install(fields, null)
      } catch (error) {
        // Somebody was faster, and the method is there; or the image could not be written.
        const { code } = error as { code: string }
        return code === 'CONFLICT' ? { kind: 'installed' } : fault('GENERATION_FAILED')
      }
      return { kind: 'installed' }
    },
  }
}
