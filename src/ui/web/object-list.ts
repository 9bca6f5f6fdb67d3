// Owns: the list of named objects, with its filter.
// Laws: UI38 an empty list says why it is empty and what to do.
import { h, type JSX } from 'preact'
import { CreateForm } from './create-form.ts'
import { FaultNote } from './fault-note.ts'
import { addressOf } from './route.ts'
import { TextField } from './text-field.ts'
import type { Names } from './world.ts'

interface ListProps {
  names: Names
  prefix: string
  onPrefix(prefix: string): void
  /** The name or oid that is shown now. */
  target: string
}

export function ObjectList(props: ListProps): JSX.Element {
  const { names, prefix, onPrefix, target } = props
  return h(
    'nav',
    { class: 'objects', 'aria-label': 'Objects' },
    h(
      'div',
      { class: 'section-head' },
      h('h2', null, 'Objects'),
      names.loaded
        ? h('span', { class: 'count' }, `${names.objects.length}${names.more ? '+' : ''}`)
        : null,
    ),
    h(TextField, {
      label: 'Names that begin with',
      value: prefix,
      onText: onPrefix,
      more: {
        type: 'search',
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key === 'Escape') onPrefix('')
        },
      },
    }),
    names.fault === undefined ? null : h(FaultNote, { fault: names.fault }),
    h(
      'ul',
      { class: 'names', role: 'list' },
      names.objects.map(({ name, oid }) =>
        h(
          'li',
          { key: name },
          h(
            'a',
            {
              href: addressOf(name),
              ...(name === target || oid === target ? { 'aria-current': 'page' as const } : {}),
            },
            h('span', { class: 'name' }, name),
            h('span', { class: 'oid', 'aria-hidden': 'true' }, oid),
          ),
        ),
      ),
    ),
    names.loaded && names.objects.length === 0 && names.fault === undefined
      ? h(Nothing, { prefix, onClear: () => onPrefix('') })
      : null,
    names.more
      ? names.objects.length < 1_000
        ? h('button', { type: 'button', onClick: names.fetchMore }, 'Show more')
        : h('p', { class: 'hint' }, 'There are more. Type the beginning of a name to find one.')
      : null,
    h(CreateForm, { name: '' }),
  )
}

function Nothing(props: { prefix: string; onClear(): void }): JSX.Element {
  if (props.prefix === '') {
    return h('p', { class: 'empty' }, 'No object has a name yet. Make one below.')
  }
  return h(
    'div',
    { class: 'empty' },
    h('p', null, `No name begins with “${props.prefix}”.`),
    h('button', { type: 'button', onClick: props.onClear }, 'Show all names'),
  )
}
