import { describe, expect, it } from 'vitest'
import { gitProxies } from './proxies.ts'

describe('proxies of git', () => {
  it('are told in the letters that libcurl reads', () => {
    expect(
      gitProxies({ HTTP_PROXY: 'http://proxy:3128', HTTPS_PROXY: 'http://proxy:3129', NO_PROXY: 'localhost,.corp' }),
    ).toEqual({
      environment: { http_proxy: 'http://proxy:3128', https_proxy: 'http://proxy:3129', no_proxy: 'localhost,.corp' },
      passedOver: [],
    })
  })

  it('are none where none is set', () => {
    expect(gitProxies({ HTTPS_PROXY: '' })).toEqual({ environment: {}, passedOver: [] })
  })

  it('with a password are passed over and named, never shown', () => {
    const { environment, passedOver } = gitProxies({
      HTTP_PROXY: 'http://proxy:1',
      HTTPS_PROXY: 'http://bob:pw@proxy:2',
    })
    expect(environment).toEqual({ http_proxy: 'http://proxy:1' })
    expect(passedOver).toEqual(['HTTPS_PROXY'])
  })
})
