/** Whether the repository that is there is the one that is wanted. Pure. */
import { normaliseRepositoryUrl } from '@orchestrator/shared/contracts'

/** SSH and HTTPS forms of one repository are equal; what cannot be read as an address equals only itself. */
export function isSameRepository(a: string, b: string): boolean {
  return a === b || (normalised(a) ?? a) === (normalised(b) ?? b)
}

function normalised(url: string): string | undefined {
  try {
    return normaliseRepositoryUrl(url)
  } catch {
    return undefined
  }
}

/** For messages: an address that somebody put a token into loses it. */
export function withoutUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1')
}
