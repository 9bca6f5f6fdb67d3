// Owns: how a value is drawn: plain values, lists, tables, and trees of the components that this page knows.
// Leaves: sending and naming to the page, which hands them in.
// Laws: UI24 a value is only ever drawn as text in known elements; markup, script and addresses in it have no effect.
// UI25 an unknown component is a placeholder that names it, and the rest is drawn.  UI26 depth and number are bounded.
import { type ComponentChildren, h, type JSX } from 'preact'
import { addressOf } from './route.ts'
import { isMap, kindOf, pairsOf, refOf, shortText } from './value.ts'

/** Deepest nesting that is drawn, and most elements in one view: beyond, a person reads nothing and a page gets slow. */
export const VIEW_LIMITS = { depth: 24, elements: 3_000 } as const

/** What a view may ask for. */
export interface ViewPowers {
  /** The name of an object. */
  nameOf(oid: string): string
  /** Sends a message to the object shown, or to another; undefined in places where nothing may be sent. */
  send: ((target: string | undefined, selector: string, args: unknown[]) => void) | undefined
}

interface Drawing {
  powers: ViewPowers
  elements: number
}

type Props = Record<string, unknown>
type Component = (props: Props, children: unknown[], drawing: Drawing, depth: number) => JSX.Element

/** Draws any value. */
export function drawValue(value: unknown, powers: ViewPowers): JSX.Element {
  return draw(value, { powers, elements: 0 }, 0)
}

/** A link to an object. The address is made here from a name or an oid, so it never leads out of the page. */
export function objectLink(target: string, label: string): JSX.Element {
  return h('a', { href: addressOf(target), class: 'object-link' }, label)
}

function draw(value: unknown, drawing: Drawing, depth: number): JSX.Element {
  drawing.elements++
  if (depth > VIEW_LIMITS.depth || drawing.elements > VIEW_LIMITS.elements) {
    return h('span', { class: 'muted' }, '… more than can be shown')
  }
  const ref = refOf(value)
  if (ref !== undefined) return objectLink(ref, drawing.powers.nameOf(ref))
  if (Array.isArray(value)) return drawList(value, drawing, depth)
  if (isMap(value)) {
    if (typeof value['component'] === 'string') {
      return drawComponent(value['component'], value, drawing, depth)
    }
    return drawPairs(pairsOf(value), drawing, depth)
  }
  return drawScalar(value)
}

/** Draws one thing after another until the view is full; the thing that fills it says that there is more. */
function each<T>(
  items: readonly T[],
  drawing: Drawing,
  drawOne: (item: T, index: number) => JSX.Element,
): JSX.Element[] {
  const drawn: JSX.Element[] = []
  for (const [index, item] of items.entries()) {
    if (drawing.elements > VIEW_LIMITS.elements) break
    drawing.elements++
    drawn.push(drawOne(item, index))
  }
  return drawn
}

function drawScalar(value: unknown): JSX.Element {
  const kind = kindOf(value)
  if (typeof value === 'string') return h('span', { class: 'v-text' }, value)
  if (kind === 'nothing') return h('span', { class: 'muted' }, 'nothing')
  return h('span', { class: `v-${kind}` }, shortText(value))
}

function drawList(items: unknown[], drawing: Drawing, depth: number): JSX.Element {
  if (items.length === 0) return h('span', { class: 'muted' }, 'an empty list')
  if (items.every(isPlainMap)) return drawTable(items, undefined, drawing, depth)
  return h(
    'ul',
    { class: 'v-list' },
    each(items, drawing, (item, index) => h('li', { key: index }, draw(item, drawing, depth + 1))),
  )
}

/** A map that is neither a reference nor a component: a row of a table. */
function isPlainMap(value: unknown): value is Props {
  return isMap(value) && refOf(value) === undefined && typeof value['component'] !== 'string'
}

function drawPairs(pairs: [string, unknown][], drawing: Drawing, depth: number): JSX.Element {
  if (pairs.length === 0) return h('span', { class: 'muted' }, 'an empty map')
  return h(
    'dl',
    { class: 'v-pairs' },
    each(pairs, drawing, ([key, item], index) =>
      h('div', { key: index }, h('dt', null, key), h('dd', null, draw(item, drawing, depth + 1))),
    ),
  )
}

function drawTable(
  rows: unknown[],
  columns: string[] | undefined,
  drawing: Drawing,
  depth: number,
): JSX.Element {
  const names = columns ?? [...new Set(rows.filter(isMap).flatMap((row) => Object.keys(row)))]
  const cell = (row: unknown, name: string, index: number): JSX.Element => {
    const item = Array.isArray(row) ? row[index] : isMap(row) ? row[name] : row
    return h('td', { key: index }, item === undefined ? '' : draw(item, drawing, depth + 1))
  }
  const head = each(names, drawing, (name) => h('th', { key: name, scope: 'col' }, name))
  const body = each(rows, drawing, (row, at) =>
    h(
      'tr',
      { key: at },
      each(names, drawing, (name, index) => cell(row, name, index)),
    ),
  )
  const table = h('table', null, h('thead', null, h('tr', null, head)), h('tbody', null, body))
  // A wide table scrolls by itself, and so must be reachable by keyboard.
  return h('div', { class: 'v-table', tabIndex: 0, role: 'group', 'aria-label': 'Table' }, table)
}

function drawComponent(name: string, node: Props, drawing: Drawing, depth: number): JSX.Element {
  const props = isMap(node['props']) ? node['props'] : {}
  const given = node['children'] ?? props['children']
  const children = given === undefined || given === null ? [] : [given].flat()
  const component = Object.hasOwn(COMPONENTS, name) ? COMPONENTS[name] : undefined
  if (component !== undefined) return component(props, children, drawing, depth)
  return h(
    'div',
    { class: 'v-unknown', role: 'note' },
    h('strong', null, `Unknown component: ${name.slice(0, 64)}`),
    drawAll(children, drawing, depth),
  )
}

function drawAll(children: unknown[], drawing: Drawing, depth: number): JSX.Element[] {
  return each(children, drawing, (child, index) =>
    h('div', { key: index, class: 'v-child' }, draw(child, drawing, depth + 1)),
  )
}

/** The first of several properties that is there, as text; models do not all choose the same word. */
function textProp(props: Props, children: unknown[], ...names: string[]): string {
  for (const name of names) {
    const value = props[name]
    if (value !== undefined && value !== null) return asText(value)
  }
  return children.map(asText).join(' ')
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : shortText(value)
}

/** Text of a component, with components among its children drawn inside. */
function inner(props: Props, children: unknown[], drawing: Drawing, depth: number) {
  const texts: ComponentChildren[] = []
  for (const name of ['text', 'value', 'label', 'content']) {
    if (props[name] === undefined || props[name] === null) continue
    texts.push(draw(props[name], drawing, depth + 1))
    break
  }
  for (const child of children) texts.push(draw(child, drawing, depth + 1))
  return texts
}

/** The tones of a badge; any other is neutral. */
const TONES = new Set(['good', 'warn', 'bad', 'neutral'])
const TONE_WORDS: Readonly<Record<string, string>> = {
  success: 'good',
  ok: 'good',
  warning: 'warn',
  error: 'bad',
  danger: 'bad',
}

function numberProp(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The components, by name. Each draws fixed elements; a value becomes text, never an element or an attribute that acts. */
const COMPONENTS: Readonly<Record<string, Component>> = {
  text: (props, children, drawing, depth) =>
    h('p', { class: 'v-paragraph' }, inner(props, children, drawing, depth)),
  heading: (props, children) => {
    const level = numberProp(props['level']) ?? 3
    const tag = level <= 3 ? 'h4' : level === 4 ? 'h5' : 'h6'
    return h(tag, { class: 'v-heading' }, textProp(props, children, 'text', 'label', 'value'))
  },
  number: (props, children) => {
    const label = props['label']
    const unit = props['unit']
    return h(
      'div',
      { class: 'v-figure' },
      h('span', { class: 'v-figure-value' }, textProp(props, children, 'value', 'text')),
      unit === undefined ? null : h('span', { class: 'v-figure-unit' }, ` ${asText(unit)}`),
      label === undefined ? null : h('span', { class: 'v-figure-label' }, asText(label)),
    )
  },
  badge: (props, children) => {
    const word = asText(props['tone'] ?? props['color'] ?? 'neutral')
    const tone = TONE_WORDS[word] ?? word
    return h(
      'span',
      { class: `v-badge ${TONES.has(tone) ? tone : 'neutral'}` },
      textProp(props, children, 'text', 'label', 'value'),
    )
  },
  'key-value': (props, children, drawing, depth) => {
    const items = props['items'] ?? props['pairs'] ?? props['entries'] ?? props['data']
    if (Array.isArray(items)) {
      const pairs = items.map((item): [string, unknown] =>
        Array.isArray(item)
          ? [asText(item[0]), item[1]]
          : isMap(item)
            ? [asText(item['key'] ?? item['label'] ?? item['name'] ?? ''), item['value']]
            : ['', item],
      )
      return drawPairs(pairs, drawing, depth)
    }
    if (isMap(items)) return drawPairs(pairsOf(items), drawing, depth)
    const own = Object.entries(props).filter(([name]) => name !== 'children')
    if (own.length > 0) return drawPairs(own, drawing, depth)
    return h('div', null, drawAll(children, drawing, depth))
  },
  table: (props, children, drawing, depth) => {
    const rows = props['rows'] ?? props['items'] ?? props['data'] ?? children
    const columns = props['columns'] ?? props['headers']
    const names = Array.isArray(columns)
      ? columns.map((column) =>
          asText(isMap(column) ? (column['key'] ?? column['label'] ?? '') : column),
        )
      : undefined
    return drawTable(Array.isArray(rows) ? rows : [rows], names, drawing, depth)
  },
  list: (props, children, drawing, depth) => {
    const given = props['items']
    const items = Array.isArray(given) ? given : children
    return h(
      props['ordered'] === true ? 'ol' : 'ul',
      { class: 'v-list' },
      each(items, drawing, (item, index) =>
        h('li', { key: index }, draw(item, drawing, depth + 1)),
      ),
    )
  },
  code: (props, children) =>
    h(
      'pre',
      { class: 'v-code', tabIndex: 0 },
      h('code', null, textProp(props, children, 'text', 'code', 'source', 'value')),
    ),
  button: (props, children, drawing) => {
    const selector = typeof props['selector'] === 'string' ? props['selector'] : ''
    const label = textProp(props, children, 'label', 'text') || selector
    const target = refOf(props['target']) ?? props['target']
    const given = props['args']
    const args = given === undefined || given === null ? [] : [given].flat()
    const { send } = drawing.powers
    const can = send !== undefined && selector !== ''
    return h(
      'button',
      {
        type: 'button',
        disabled: !can,
        // The message is said as well, since a view may call its button anything.
        title: can ? `sends ${selector}` : 'This button has no selector, so it sends nothing.',
        onClick: () => send?.(typeof target === 'string' ? target : undefined, selector, args),
      },
      label,
    )
  },
  link: (props, children, drawing) => {
    const target = props['target'] ?? props['to'] ?? props['object'] ?? props['ref']
    const oid = refOf(target) ?? (typeof target === 'string' ? target : undefined)
    const label = textProp(props, children, 'label', 'text')
    if (oid === undefined) return h('span', null, label || 'a link to nothing')
    return objectLink(oid, label || drawing.powers.nameOf(oid))
  },
  grid: (props, children, drawing, depth) => {
    const columns = Math.min(Math.max(Math.round(numberProp(props['columns']) ?? 2), 1), 4)
    const given = props['items']
    const items = Array.isArray(given) ? given : children
    return h('div', { class: `v-grid columns-${columns}` }, drawAll(items, drawing, depth))
  },
  divider: () => h('hr', { class: 'v-divider' }),
  progress: (props, children) => {
    const most = Math.max(numberProp(props['max']) ?? 100, Number.MIN_VALUE)
    const value = numberProp(props['value'])
    const label = textProp(props, children, 'label', 'text')
    const shown = value === undefined ? {} : { value: Math.min(Math.max(value, 0), most) }
    const share = value === undefined ? '' : `${Math.round((value / most) * 100)} %`
    return h(
      'label',
      { class: 'v-progress' },
      h('span', null, label || 'Progress'),
      h('progress', { max: most, ...shown }),
      h('span', { class: 'v-progress-share' }, share),
    )
  },
}

/** The names of the components, for the intent with which a view is asked for. */
export const COMPONENT_NAMES: readonly string[] = Object.keys(COMPONENTS)
