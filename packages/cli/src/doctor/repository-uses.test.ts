import { Settings } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { repositoryUses } from './repository-uses.ts'

const AGENTS = {
  one: { adapter: 'command', command: ['true'], githubUser: 'account-of-one' },
  two: { adapter: 'command', command: ['true'] },
} as const

const told = (settings: unknown): readonly string[] =>
  repositoryUses(Settings.parse(settings)).map(
    ({ role, url, githubUser, reference }) =>
      `${role} ${url} ${githubUser}${reference === undefined ? '' : ` ${reference}`}`,
  )

describe('repositoryUses', () => {
  it('knows each repository once for each account that reaches it', () => {
    const services = {
      a: { repositoryUrl: 'https://h/a', agent: 'one' },
      b: { repositoryUrl: 'https://h/a', agent: 'one', githubUser: 'someone' },
      c: { repositoryUrl: 'https://h/a', agent: 'one', platformRepositoryUrl: 'https://h/q', platformUser: 'reader' },
    }
    expect(
      told({ agents: AGENTS, defaults: { platformRepositoryUrl: 'https://h/p', agent: 'two' }, services }),
    ).toEqual([
      'platform https://h/p two',
      'platform https://h/p account-of-one',
      'target https://h/a account-of-one',
      'platform https://h/p someone',
      'target https://h/a someone',
      'platform https://h/q reader',
    ])
  })

  it('takes every agent where none is said, and a placeholder where there is none', () => {
    const services = { a: { repositoryUrl: 'https://h/a' } }
    expect(told({ agents: AGENTS, services })).toEqual(['target https://h/a account-of-one', 'target https://h/a two'])
    expect(told({ services })).toEqual(['target https://h/a <user>'])
  })

  it('takes the credential that the settings name, whichever form of the URL they use', () => {
    const services = { a: { repositoryUrl: 'https://github.com/org/a', agent: 'two' } }
    const repositories = { 'git@github.com:org/a.git': { credential: 'deploy' } }
    expect(told({ agents: AGENTS, services, repositories })).toEqual(['target https://github.com/org/a two deploy'])
    const twice = { ...repositories, 'https://github.com/org/a': { credential: 'other' } }
    expect(Settings.safeParse({ repositories: twice }).error?.issues).toMatchObject([
      {
        path: ['repositories', 'https://github.com/org/a'],
        message: expect.stringContaining('is the same repository as'),
      },
    ])
  })
})
