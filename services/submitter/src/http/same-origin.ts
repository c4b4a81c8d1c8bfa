import { HttpRefusal } from './problems.ts'

export interface RequestOrigin {
  readonly host: string | undefined
  readonly origin: string | undefined
}

export interface OwnAddress {
  readonly host: string
  readonly port: number
  /** Other names that lead here, with a port where it is not ours or the usual one. */
  readonly allowed: readonly string[]
}

const NAMES = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Keeps web pages out: a page elsewhere may make a browser send requests here, under a name of its own that resolves
 * to this machine, or with its own origin. Pure.
 * @returns a check that throws HttpRefusal
 */
export function createOriginCheck(own: OwnAddress): (request: RequestOrigin) => void {
  const names = [own.host.includes(':') ? `[${own.host}]` : own.host, ...NAMES]
  const hosts = new Set(names.flatMap((name) => (own.port === 80 ? [name, `${name}:80`] : [`${name}:${own.port}`])))
  const [first] = hosts
  const allowed = new Set(
    own.allowed.flatMap((name) => [name, `${name}:${own.port}`].map((host) => host.toLowerCase())),
  )
  return ({ host, origin }) => {
    const asked = host?.toLowerCase() ?? ''
    const isAllowed = allowed.has(asked)
    if (!hosts.has(asked) && !isAllowed)
      throw new HttpRefusal(403, 'HOST_NOT_ALLOWED', `this address is not "${asked}": use http://${first}`)
    const from = origin?.toLowerCase()
    // Whatever is in front of us may speak TLS.
    if (from !== undefined && from !== `http://${asked}` && !(isAllowed && from === `https://${asked}`)) {
      throw new HttpRefusal(403, 'ORIGIN_NOT_ALLOWED', `requests from pages of ${origin} are not taken`)
    }
  }
}
