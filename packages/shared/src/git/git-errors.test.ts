import { describe, expect, it } from 'vitest'
import { classifyGitFailure } from './git-errors.ts'
import { createRedaction } from './redaction.ts'
import { neutraliseConfig } from './repository-config.ts'

const codeOf = (stderr: string): string =>
  classifyGitFailure({ stderr, exitCode: 128, signal: null, stopped: undefined }).code

describe('what git prints', () => {
  it.each([
    ['DISK_FULL', "fatal: sha1 file '/a/.git/index.lock' write error. Out of diskspace"],
    ['DISK_FULL', 'error: unable to write file objects/ab: No space left on device\nfatal: unable to write sha1 file'],
    [
      'GIT_AUTH_FAILED',
      "remote: Invalid username or password.\nfatal: Authentication failed for 'https://github.com/org/app/'",
    ],
    ['GIT_AUTH_FAILED', "fatal: could not read Username for 'https://github.com': terminal prompts disabled"],
    [
      'GIT_AUTH_FAILED',
      'git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.',
    ],
    ['GIT_AUTH_FAILED', 'Host key verification failed.\nfatal: Could not read from remote repository.'],
    [
      'GIT_AUTH_FAILED',
      'remote: Permission to org/app.git denied to somebody.\nfatal: unable to access: The requested URL returned error: 403',
    ],
    ['GIT_NOT_FOUND', "remote: Repository not found.\nfatal: repository 'https://github.com/org/app/' not found"],
    ['GIT_NOT_FOUND', 'ERROR: Repository not found.\nfatal: Could not read from remote repository.'],
    [
      'GIT_NOT_FOUND',
      "fatal: '/nowhere' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    ],
    ['GIT_REJECTED', " ! [rejected]        a -> b (stale info)\nerror: failed to push some refs to 'x'"],
    ['GIT_REJECTED', ' ! [remote rejected] a -> b (pre-receive hook declined)'],
    ['GIT_UNAVAILABLE', "fatal: unable to access 'https://x/': Could not resolve host: x"],
    [
      'GIT_UNAVAILABLE',
      'ssh: connect to host x port 22: Connection timed out\nfatal: Could not read from remote repository.',
    ],
    ['GIT_UNAVAILABLE', 'fatal: unable to access: The requested URL returned error: 502'],
    [
      'GIT_UNAVAILABLE',
      "fatal: Unable to create '/x/.git/index.lock': File exists.\n\nAnother git process seems to be running",
    ],
    ['GIT_UNAVAILABLE', 'error: RPC failed; curl 56 Recv failure\nfatal: early EOF'],
    ['GIT_FAILED', 'fatal: bad object HEAD'],
    ['GIT_FAILED', ''],
  ])('means %s: %s', (code, stderr) => {
    expect(codeOf(stderr)).toBe(code)
  })

  it('is told by the line that matters, without control characters', () => {
    const failure = classifyGitFailure({
      stderr: 'warning: x\nfatal: Authentication failed for \u001B[31mx\n',
      exitCode: 128,
      signal: null,
      stopped: undefined,
    })
    expect(failure).toEqual({
      code: 'GIT_AUTH_FAILED',
      retryable: false,
      summary: 'Authentication failed for \\x1b[31mx',
    })
  })

  it('matters less than that it was ended from outside', () => {
    expect(
      classifyGitFailure({
        stderr: 'fatal: Authentication failed',
        exitCode: null,
        signal: 'SIGTERM',
        stopped: 'timeout',
      }),
    ).toMatchObject({ code: 'GIT_UNAVAILABLE', retryable: true })
    expect(classifyGitFailure({ stderr: '', exitCode: null, signal: 'SIGSEGV', stopped: undefined }).summary).toBe(
      'ended by SIGSEGV',
    )
  })
})

describe('secrets', () => {
  it('are removed, longest first, and so is what a URL carries before its host', () => {
    const redact = createRedaction(['abc', 'abcdef', ''])
    expect(redact('abcdef abc https://user:pw@host/x ssh://git@host/x')).toBe(
      '[redacted] [redacted] https://[redacted]@host/x ssh://git@host/x',
    )
  })
})

describe('the configuration of a repository', () => {
  it('has whatever starts programs overridden, in any case of its letters', () => {
    const { overrides } = neutraliseConfig(
      [
        'filter.LFS.clean',
        'diff.X.textconv',
        'merge.y.driver',
        'gpg.ssh.program',
        'credential.https://x.helper',
        'user.name',
      ],
      'status',
    )
    expect(overrides).toEqual([
      ['filter.LFS.clean', ''],
      ['filter.LFS.required', 'false'],
      ['diff.X.textconv', 'false'],
      ['merge.y.driver', 'false'],
      ['gpg.ssh.program', 'false'],
      ['credential.helper', ''],
    ])
  })

  it('is refused where that is impossible, redirections only for calls that leave the repository', () => {
    const keys = ['url.x.insteadof', 'includeif.gitdir:x.path', 'remote.origin.uploadpack']
    expect(neutraliseConfig(keys, 'fetch').refused).toEqual(keys)
    expect(neutraliseConfig(keys, 'status').refused).toEqual(['includeif.gitdir:x.path'])
  })
})
