// Owns: other texts of the kind that a text is: dates, times, numbers in words, names in use, lines and lists.
// Leaves: every other kind of value to probes.ts.
// Laws: GO11 probes keep the kinds of what they vary.

const DATE = /^(\d{4})-(\d{2})-(\d{2})(T.*)?$/
const TIME = /^(\d{1,2}):(\d{2})$/
const NUMBER = /^-?\d+(\.\d+)?$/
/** What texts that hold several things are held together by, the most telling first. */
const SEPARATORS = ['\n', ';', ', ', ',', '|', '-', '/', ' ']

/**
 * Other texts of the same kind. `inUse` are texts of the scene, `states` those that sources compare with: a text among
 * either is replaced by its fellows.
 */
export function variantsOfText(
  text: string,
  inUse: readonly string[],
  states: readonly string[],
): string[] {
  const date = DATE.exec(text)
  if (date !== null) return dates(date)
  const time = TIME.exec(text)
  if (time !== null) return times(time)
  if (NUMBER.test(text)) return ['0', '7', `${Number(text) + 1}`, `${Number(text) * 3}`, `-${text}`]
  const fellows = inUse.filter((one) => one !== text && isLike(one, text))
  const known = states.includes(text) ? states.filter((one) => one !== text) : states.slice(0, 4)
  const separator = SEPARATORS.find((one) => text.includes(one))
  return [
    ...fellows.slice(0, 3),
    ...known.slice(0, 6),
    ...(separator === undefined ? words(text) : parts(text, separator)),
    '',
    ...(text.includes(' ') ? [text.replace(/ +/g, '  ')] : []),
    ...[text.toUpperCase(), text.toLowerCase(), text.replace(/\d/g, '')].filter(
      (one) => one !== text,
    ),
    `${text}${text}`,
  ]
}

/** Two texts may stand for one another when both are names, or neither is. */
function isLike(one: string, other: string): boolean {
  return one.includes('\n') === other.includes('\n') && DATE.test(one) === DATE.test(other)
}

function words(text: string): string[] {
  const reversed = [...text].reverse().join('')
  return ['quince', ...(reversed === text ? [] : [reversed]), `${text} ${text}`, `${text}2`]
}

function parts(text: string, separator: string): string[] {
  const all = text.split(separator)
  const turned = [...all].reverse().join(separator)
  return [
    turned,
    all[0] as string,
    [...all, ...all].join(separator),
    [...all, 'quince'].join(separator),
    `${text}${separator}`,
    all.slice(1).join(separator),
  ]
}

function dates([, year, month, day, rest = '']: RegExpExecArray): string[] {
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const shifted = (days: number) =>
    `${new Date(at + days * 86_400_000).toISOString().slice(0, 10)}${rest}`
  return [
    shifted(1),
    shifted(-1),
    shifted(7),
    shifted(31),
    shifted(-40),
    shifted(366),
    `2024-02-29${rest}`,
  ]
}

function times([, hours, minutes]: RegExpExecArray): string[] {
  const at = Number(hours) * 60 + Number(minutes)
  const pad = (n: number) => String(n).padStart(2, '0')
  const shifted = (by: number) => {
    const total = (at + by + 1_440) % 1_440
    return `${pad(Math.floor(total / 60))}:${pad(total % 60)}`
  }
  return [shifted(1), shifted(-1), shifted(60), shifted(-75), '00:00', '23:59']
}
