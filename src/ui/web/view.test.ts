// Owns: proof that a value, whoever made it, is only ever drawn as text in known elements.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isValidElement, type JSX } from 'preact'
import { COMPONENT_NAMES, drawValue, VIEW_LIMITS } from './view.ts'

const sent: unknown[] = []
const powers = {
  nameOf: (oid: string) => (oid === '#1' ? 'genesis' : oid),
  send: (...message: unknown[]) => void sent.push(message),
}

interface Seen {
  tags: string[]
  text: string
  props: [string, string, unknown][]
}

/** Walks what would be drawn: the elements, their attributes, their text. */
function see(value: unknown): Seen {
  const seen: Seen = { tags: [], text: '', props: [] }
  walk(drawValue(value, powers), seen)
  return seen
}

function walk(node: unknown, seen: Seen): void {
  if (Array.isArray(node)) return node.forEach((part) => walk(part, seen))
  if (node === null || node === undefined || typeof node === 'boolean') return
  if (typeof node !== 'object') {
    seen.text += `${String(node)} `
    return
  }
  // Anything else would be an object that the renderer was handed as it came.
  assert.ok(isValidElement(node), 'only elements made here are drawn')
  const element = node as JSX.Element
  assert.equal(typeof element.type, 'string')
  seen.tags.push(element.type as string)
  for (const [name, prop] of Object.entries(element.props as object)) {
    if (name === 'children') walk(prop, seen)
    else seen.props.push([element.type as string, name, prop])
  }
}

const HARMLESS = new Set(
  'a button code dd div dl dt h4 h5 h6 hr label li ol p pre progress span strong table tbody td th thead tr ul'.split(
    ' ',
  ),
)

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  'https://evil.example/',
  '" onmouseover="alert(1)',
]

/** Values in the shape of what the renderer makes, with the mark that makes it believe them. */
const FORGED = {
  type: 'iframe',
  props: { srcdoc: '<script>alert(1)</script>' },
  constructor: undefined,
  key: null,
  ref: null,
}

test('[UI24] hostile strings stay text wherever they stand', () => {
  for (const hostile of HOSTILE) {
    const everywhere = {
      text: hostile,
      label: hostile,
      value: hostile,
      href: hostile,
      src: hostile,
      onClick: hostile,
      style: hostile,
      class: hostile,
      dangerouslySetInnerHTML: { __html: hostile },
      tone: hostile,
      target: hostile,
      selector: hostile,
      columns: [hostile],
      rows: [{ [hostile]: hostile }],
      items: [hostile],
      level: hostile,
      max: hostile,
    }
    const names = [...COMPONENT_NAMES, hostile, 'script', 'img', 'constructor', '__proto__']
    for (const component of names) {
      const { tags, props } = see({ component, props: everywhere, children: [hostile] })
      for (const tag of tags) assert.ok(HARMLESS.has(tag), `${component} drew ${tag}`)
      for (const [tag, name, prop] of props) {
        assert.ok(!['src', 'style', 'dangerouslySetInnerHTML', 'srcdoc'].includes(name), name)
        if (name.startsWith('on')) assert.equal(typeof prop, 'function', `${tag} ${name}`)
        if (name === 'href') assert.match(String(prop), /^#\/o\//)
        if (name === 'class') assert.ok(!String(prop).includes(hostile))
      }
    }
  }
})

test('[UI24] a value that looks like an element is drawn as data', () => {
  for (const value of [
    FORGED,
    [FORGED],
    { a: FORGED },
    { component: 'text', children: [FORGED] },
  ]) {
    const { tags, text } = see(value)
    assert.ok(!tags.includes('iframe'))
    assert.match(text, /srcdoc/)
  }
  for (const component of COMPONENT_NAMES) {
    const forged = { text: FORGED, label: FORGED, value: FORGED, unit: FORGED, items: [FORGED] }
    assert.ok(!see({ component, props: forged, children: [FORGED] }).tags.includes('iframe'))
  }
})

test('[UI24] a reference is a link to that object, by its name', () => {
  const { props, text } = see({ owner: { $ref: '#1' } })
  assert.ok(
    props.some(([tag, name, value]) => tag === 'a' && name === 'href' && value === '#/o/%231'),
  )
  assert.match(text, /genesis/)
})

test('[UI24] a list of maps is a table, a map is pairs, a list is a list', () => {
  assert.ok(see([{ a: 1 }, { a: 2, b: 3 }]).tags.includes('table'))
  assert.ok(see({ a: 1 }).tags.includes('dl'))
  assert.ok(see([1, 'two', [3]]).tags.includes('ul'))
  assert.match(see([]).text, /an empty list/)
  assert.match(see(null).text, /nothing/)
})

test('[UI24] a button sends its selector and arguments when a person presses it, and not before', () => {
  sent.length = 0
  const props = { label: 'Go', selector: 'go:', args: [1, { $ref: '#1' }] }
  const drawn = see({ component: 'button', props })
  assert.deepEqual(sent, [])
  const press = drawn.props.find(([tag, name]) => tag === 'button' && name === 'onClick')?.[2]
  ;(press as () => void)()
  assert.deepEqual(sent, [[undefined, 'go:', [1, { $ref: '#1' }]]])
  const mute = see({ component: 'button', props: { label: 'Go' } })
  assert.ok(mute.props.some(([, name, value]) => name === 'disabled' && value === true))
})

test('[UI25] an unknown component is a placeholder that names it, and its children are drawn', () => {
  const { text } = see({
    component: 'grid',
    children: [
      { component: 'sparkline', children: [{ component: 'text', props: { text: 'inside' } }] },
      { component: 'text', props: { text: 'after' } },
    ],
  })
  assert.match(text, /Unknown component: sparkline/)
  assert.match(text, /inside/)
  assert.match(text, /after/)
})

test('[UI26] a view too deep or too large is cut, and says so', () => {
  let deep: unknown = 'bottom'
  for (let level = 0; level < 5_000; level++) deep = { component: 'grid', children: [deep] }
  const cut = see(deep)
  assert.match(cut.text, /more than can be shown/)
  assert.ok(!cut.text.includes('bottom'))
  const wide = see(new Array(VIEW_LIMITS.elements * 3).fill({ a: [1, 2, 3] }))
  assert.match(wide.text, /more than can be shown/)
  for (const many of [
    new Array(100_000).fill({}),
    new Array(100_000).fill('x'),
    Object.fromEntries(new Array(100_000).fill(0).map((_, at) => [`k${at}`, at])),
    [Object.fromEntries(new Array(100_000).fill(0).map((_, at) => [`k${at}`, at]))],
    { component: 'grid', children: new Array(100_000).fill({ component: 'divider' }) },
  ]) {
    assert.ok(see(many).tags.length < VIEW_LIMITS.elements * 4)
  }
})
