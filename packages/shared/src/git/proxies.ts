/** How git reaches servers where the network has a proxy. Pure. */

/** The usual variables. */
export interface ProxyVariables {
  readonly HTTP_PROXY?: string | undefined
  readonly HTTPS_PROXY?: string | undefined
  readonly NO_PROXY?: string | undefined
}

export interface GitProxies {
  /** In small letters: libcurl does not read `HTTP_PROXY` (https://curl.se/docs/manpage.html#ENVIRONMENT). */
  readonly environment: Readonly<Record<string, string>>
  /** Names of variables with a password, which everything that runs in an attempt could read. */
  readonly passedOver: readonly string[]
}

export function gitProxies({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }: ProxyVariables): GitProxies {
  const given = Object.entries({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY })
  const set = given.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]))
  const passedOver = set.filter(({ value }) => value.includes('@')).map(({ name }) => name)
  const kept = set.filter(({ name }) => !passedOver.includes(name))
  return { environment: Object.fromEntries(kept.map(({ name, value }) => [name.toLowerCase(), value])), passedOver }
}
