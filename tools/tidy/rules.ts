// Owns: the checks that tie numbered rules to tests: every rule has a test, every title cites a rule.
// Leaves: whether the test is good to review.
// Laws: ST40 ST41 of STYLE.md.
import { parse, titlesOf } from './source.ts'
import {
  type Check,
  filesWhere,
  isCode,
  isContract,
  isTest,
  type Tree,
  type Violation,
} from './tree.ts'

/** A rule as a document declares it. `isTested` is false for a rule that types or people keep. */
interface Rule {
  id: string
  path: string
  line: number
  isTested: boolean
}

/** Rule ids of a published contract: one letter and a number. */
const CONTRACT_ID = /^[A-Z]\d{1,2}$/

/** An id of ours: a family of two letters and a number. */
const RULE_LINE = /^- \*\*([A-Z]{2}\d+)\*\*/

function isRuleBook(path: string): boolean {
  return /(^|\/)SPEC\.md$/.test(path) || path === 'STYLE.md'
}

/** Every rule that a SPEC.md or STYLE.md declares, in order. */
function rulesOf(tree: Tree): Rule[] {
  const rules: Rule[] = []
  for (const [path, text] of filesWhere(tree, isRuleBook)) {
    const lines = text.split('\n')
    for (const [index, line] of lines.entries()) {
      const id = RULE_LINE.exec(line)?.[1]
      if (id === undefined) continue
      const end = lines.findIndex((next, at) => at > index && /^(- |#|$)/.test(next))
      const whole = lines.slice(index, end < 0 ? undefined : end).join(' ')
      const isTested = path !== 'STYLE.md' || /\(tidy/.test(whole)
      rules.push({ id, path, line: index + 1, isTested })
    }
  }
  return rules
}

/** The ids in the brackets that a title begins with. */
function idsOf(title: string): string[] {
  const brackets = /^(\[[^\]]+\]\s*)+/.exec(title)?.[0] ?? ''
  return brackets.match(/[A-Z]{1,2}\d+/g) ?? []
}

function hasTitles(path: string): boolean {
  return isCode(path) && (isTest(path) || isContract(path))
}

export const ruleIds: Check = {
  name: 'rule-ids',
  run(tree) {
    const found: Violation[] = []
    const report = (path: string, line: number, sentence: string): void => {
      found.push({ check: 'rule-ids', path, line, sentence })
    }
    const rules = rulesOf(tree)
    const known = new Map<string, Rule>()
    for (const rule of rules) {
      if (known.has(rule.id)) report(rule.path, rule.line, `${rule.id} is declared twice.`)
      known.set(rule.id, rule)
    }
    const cited = new Set<string>()
    for (const [path, text] of filesWhere(tree, hasTitles)) {
      for (const { title, line } of titlesOf(parse(path, text))) {
        const ids = idsOf(title)
        for (const id of ids) cited.add(id)
        const strange = ids.find((id) => !known.has(id) && !CONTRACT_ID.test(id))
        if (ids.length === 0) report(path, line, `the title cites no rule: "${title}".`)
        else if (strange !== undefined) report(path, line, `no document declares ${strange}.`)
      }
    }
    for (const rule of rules) {
      if (rule.isTested && !cited.has(rule.id)) {
        report(rule.path, rule.line, `no test cites ${rule.id}.`)
      }
    }
    return found
  },
}

export const lawsExist: Check = {
  name: 'laws-exist',
  run(tree) {
    const found: Violation[] = []
    const known = new Set(rulesOf(tree).map((rule) => rule.id))
    for (const [path, text] of filesWhere(tree, (p) => isCode(p) || /^tools\/.*\.mjs$/.test(p))) {
      const head = /^(#!.*\n)?(\/\/.*\n)+/.exec(text)?.[0] ?? ''
      for (const [index, line] of head.split('\n').entries()) {
        for (const [id] of line.matchAll(/\b[A-Z]{2}\d+\b/g)) {
          if (known.has(id)) continue
          const sentence = `the head cites ${id}, which no document declares.`
          found.push({ check: 'laws-exist', path, line: index + 1, sentence })
        }
      }
    }
    return found
  },
}
