import { describe, expect, it } from 'vitest'
import { ownerOf, toRepositoryUrl } from './platform-checkout.ts'

describe('a platform checkout', () => {
  it.each([
    ['git@github.com:myorg/platform.git', 'git@github.com:myorg/platform.git'],
    ['https://x-access-token:ghp_1@github.com/o/p', 'https://github.com/o/p'],
    ['/srv/git/platform.git', 'file:///srv/git/platform.git'],
    ['../elsewhere', undefined],
    ['ext::sh -c id', undefined],
    ['-u', undefined],
  ])('with the remote %s is %s', (origin, url) => {
    expect(toRepositoryUrl(origin)).toBe(url)
  })

  it.each([
    ['git@github.com:myorg/platform.git', 'myorg'],
    ['https://github.com/myorg/platform', 'myorg'],
    ['ssh://git@github.com/myorg/platform', 'myorg'],
    ['file:///srv/git/platform.git', undefined],
  ])('at %s belongs to %s', (url, owner) => {
    expect(ownerOf(url)).toBe(owner)
  })
})
