// Owns: the address of what is shown: `#/o/NAME` or `#/o/%23OID`.
// Laws: UI30 the address names the object shown, so that reload, back and a bookmark show the same.
import { useEffect, useState } from 'preact/hooks'
import { takeToken } from './credentials.ts'

/** The address of an object; names keep their slashes, which read as a path. */
export function addressOf(target: string): string {
  return `#/o/${target.split('/').map(encodeURIComponent).join('/')}`
}

/** The target that an address names; genesis when it names none. */
export function targetOf(hash: string): string {
  const match = /^#\/o\/(.+)$/.exec(hash)
  if (match === null) return 'genesis'
  try {
    return decodeURIComponent(match[1] as string)
  } catch {
    return match[1] as string
  }
}

export function openTarget(target: string): void {
  location.hash = addressOf(target)
}

/** The target shown now. `onToken` is called when another opening address was entered in the same tab. */
export function useTarget(onToken: () => void): string {
  const [target, setTarget] = useState(targetOf(location.hash))
  useEffect(() => {
    const changed = (): void => {
      if (takeToken()) onToken()
      setTarget(targetOf(location.hash))
    }
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return target
}
