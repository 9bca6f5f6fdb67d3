// Owns: the token that the opening address carries, and the name of this tab's session.
// Laws: UI13 the token leaves the address at once and is kept for this tab alone, so that a reload works.
import type { Credentials } from './connection.ts'

const TOKEN_KEY = 'batos.token'
const SESSION_KEY = 'batos.session'

/** Takes `#token=…` out of the address, keeps it for the tab, and answers whether there was one. */
export function takeToken(): boolean {
  const match = /^#token=(.+)$/.exec(location.hash)
  if (match === null) return false
  sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(match[1] as string))
  // History and bookmarks are to hold no secret, so the entry is replaced.
  history.replaceState(null, '', '#/o/genesis')
  return true
}

export function tabCredentials(): Credentials {
  let session = sessionStorage.getItem(SESSION_KEY)
  if (session === null) {
    session = `page-${crypto.randomUUID()}`
    sessionStorage.setItem(SESSION_KEY, session)
  }
  return { session, token: () => sessionStorage.getItem(TOKEN_KEY) ?? undefined }
}
