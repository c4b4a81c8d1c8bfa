import { execFileSync } from 'node:child_process'
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { startFakeServer, submitAnswer } from '@orchestrator/client/testing'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import {
  chooseRemote,
  findPlatformCheckout,
  type FoundCheckout,
  ownerOf,
  toRepositoryUrl,
} from './platform-checkout.ts'
import { run } from './testing/run.ts'

const PATH = process.env['PATH'] ?? ''
const URL_OF = 'https://github.com/myorg/platform.git'

describe('a platform checkout', () => {
  it.each([
    ['git@github.com:myorg/platform.git', 'git@github.com:myorg/platform.git'],
    ['github.com:myorg/platform.git', 'github.com:myorg/platform.git'],
    ['ssh://git@github.com:2222/myorg/platform.git', 'ssh://git@github.com:2222/myorg/platform.git'],
    ['ssh://git:secret@github.com/o/p', 'ssh://git@github.com/o/p'],
    ['https://x-access-token:ghp_1@github.com/o/p', 'https://github.com/o/p'],
    ['https://ghp_1@github.com/o/p', 'https://github.com/o/p'],
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

  it.each([
    [['fork', 'origin'], 'fork', 'origin'],
    [['fork', 'upstream'], 'upstream', 'upstream'],
    [['fork'], undefined, 'fork'],
    [['fork', 'upstream'], undefined, undefined],
    [['fork', 'upstream'], 'gone', undefined],
    [[], undefined, undefined],
  ])('of the remotes %j, with a branch that follows %s, is at %s', (remotes, followed, name) => {
    expect(chooseRemote(remotes, followed).name).toBe(name)
  })
})

interface Checkout extends AsyncDisposable {
  readonly path: string
  readonly git: (...args: readonly string[]) => void
  readonly find: (folder?: string) => Promise<FoundCheckout>
}

/** On the branch `docs`, with one commit; `.taskmaster/` is there. */
async function createCheckout(): Promise<Checkout> {
  const directory = await temporaryDirectory()
  const path = await realpath(directory.path)
  const root = join(path, 'platform')
  await mkdir(join(root, '.taskmaster/docs'), { recursive: true })
  const env = {
    PATH,
    HOME: path,
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  const git = (...args: readonly string[]): void => void execFileSync('git', args, { cwd: root, env, stdio: 'pipe' })
  git('init', '--quiet', '--initial-branch', 'docs')
  git('commit', '--quiet', '--allow-empty', '--message', 'first')
  return {
    path: root,
    git,
    find: async (folder = '.') =>
      await findPlatformCheckout({
        cwd: join(root, folder),
        environment: { PATH, HOME: path },
        signal: new AbortController().signal,
      }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

describe('finding the checkout that a person stands in', () => {
  it('looks upwards from a folder inside, and into no folder of git', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'origin', URL_OF)
    place.git('update-ref', 'refs/remotes/origin/docs', 'HEAD')
    const checkout = { url: URL_OF, branch: 'docs', user: 'myorg', root: place.path, remote: 'origin', warnings: [] }
    expect(await place.find()).toEqual({ checkout })
    expect(await place.find('.taskmaster/docs')).toEqual({ checkout })
    expect(await place.find('.git')).toEqual({})
    expect(await place.find('..')).toEqual({})
  })

  it('takes a worktree for what it is: a checkout with a branch of its own', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'origin', URL_OF)
    place.git('worktree', 'add', '--quiet', '-b', 'other', '../tree')
    expect(await place.find('../tree')).toEqual({})
    await mkdir(join(place.path, '../tree/.taskmaster'))
    const { checkout } = await place.find('../tree')
    expect(checkout).toMatchObject({ url: URL_OF, branch: 'other', root: join(place.path, '../tree') })
  })

  it('calls the branch as the remote calls it', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'origin', URL_OF)
    place.git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    place.git('branch', '--set-upstream-to', 'origin/main')
    expect((await place.find()).checkout).toMatchObject({ branch: 'main', warnings: [] })
  })

  it('says when the branch is not at the remote, and when none is checked out', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'origin', URL_OF)
    const warning = 'the branch docs of this checkout is not at origin, as far as is known here'
    expect((await place.find()).checkout?.warnings).toEqual([expect.stringContaining(warning)])
    place.git('checkout', '--quiet', '--detach')
    expect((await place.find()).checkout).toMatchObject({
      url: URL_OF,
      branch: undefined,
      warnings: [expect.stringContaining('no branch')],
    })
  })

  it('takes the remote that the branch follows where none is called origin', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'fork', 'https://github.com/ada/platform')
    place.git('remote', 'add', 'company', 'git@github.com:myorg/platform.git')
    expect(await place.find()).toEqual({
      unusable: expect.stringContaining('of its remotes company, fork none is called origin'),
    })
    place.git('update-ref', 'refs/remotes/company/main', 'HEAD')
    place.git('branch', '--set-upstream-to', 'company/main')
    expect((await place.find()).checkout).toMatchObject({
      remote: 'company',
      url: 'git@github.com:myorg/platform.git',
      branch: 'main',
      user: 'myorg',
    })
  })

  it('says why a checkout is of no use, on standard error, and submits without it', async () => {
    await using place = await createCheckout()
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    const submit = ['task', 'submit', 'trader', '1', '--server', server.url]
    const environment = { PATH }
    const none = await run(submit, { cwd: place.path, environment })
    expect(none.error).toBe(`warning: ${place.path} has .taskmaster/, but no remote: its documents are not used\n`)
    place.git('remote', 'add', 'origin', '../elsewhere')
    expect((await run(submit, { cwd: place.path, environment })).error).toContain(
      'nobody else can fetch from its remote origin',
    )
    expect(server.requests.every(({ body }) => !JSON.stringify(body).includes('platform'))).toBe(true)
  })

  it('names the place to programs too, and warns of no branch where one is named', async () => {
    await using place = await createCheckout()
    place.git('remote', 'add', 'origin', 'https://ada:ghp_secret@github.com/myorg/platform')
    await using server = await startFakeServer(() => ({ status: 202, json: submitAnswer() }))
    const submit = ['task', 'submit', 'trader', '1', '--server', server.url]
    const { out, error } = await run([...submit, '-o', 'json'], { cwd: place.path, environment: { PATH } })
    expect(JSON.parse(out)).toMatchObject({
      platformCheckout: { root: place.path, remote: 'origin' },
      checkoutWarnings: [expect.stringContaining('push it, or name another with --platform-branch')],
    })
    expect(error).toBe('')
    const named = await run([...submit, '--platform-branch', 'main'], { cwd: place.path, environment: { PATH } })
    expect(named.error).toBe('')
    expect(server.requests[1]?.body).toMatchObject({
      platformRepositoryUrl: 'https://github.com/myorg/platform',
      platformBranch: 'main',
    })
    expect(JSON.stringify(server.requests)).not.toContain('ghp_secret')
  })
})
