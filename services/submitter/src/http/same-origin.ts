import { HttpRefusal } from './problems.ts'

export interface RequestOrigin {
  readonly host: string | undefined
  readonly origin: string | undefined
}

const NAMES = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Keeps web pages out: a page elsewhere may make a browser send requests here, under a name of its own that resolves
 * to this machine, or with its own origin. Pure.
 * @returns a check that throws HttpRefusal
 */
export function createOriginCheck(own: {
  readonly host: string
  readonly port: number
}): (request: RequestOrigin) => void {
  const names = [own.host.includes(':') ? `[${own.host}]` : own.host, ...NAMES]
  const hosts = new Set(names.flatMap((name) => (own.port === 80 ? [name, `${name}:80`] : [`${name}:${own.port}`])))
  const [first] = hosts
  return ({ host, origin }) => {
    const asked = host?.toLowerCase() ?? ''
    if (!hosts.has(asked))
      throw new HttpRefusal(403, 'HOST_NOT_ALLOWED', `this address is not "${asked}": use http://${first}`)
    if (origin !== undefined && origin.toLowerCase() !== `http://${asked}`) {
      throw new HttpRefusal(403, 'ORIGIN_NOT_ALLOWED', `requests from pages of ${origin} are not taken`)
    }
  }
}
