import { describe, expect, it } from 'vitest'
import {
  branchKey,
  branchKeyOf,
  BranchName,
  longTaskBranch,
  normaliseRepositoryUrl,
  RepositoryUrl,
  taskBranch,
  WorkingDirectory,
} from './repositories.ts'

describe('normaliseRepositoryUrl', () => {
  it('gives one text for all forms of one repository', () => {
    const forms = [
      'git@github.com:myorg/trader.git',
      'ssh://git@github.com/myorg/trader.git',
      'ssh://git@github.com:22/myorg/trader',
      'https://github.com/myorg/trader',
      'https://github.com/MyOrg/trader.git/',
      'https://GitHub.com:443/myorg/trader.git',
    ]
    expect(new Set(forms.map(normaliseRepositoryUrl))).toEqual(new Set(['github.com/myorg/trader']))
  })

  it('keeps what differs apart', () => {
    const different = [
      'https://git.example.com/a/B',
      'https://git.example.com/a/b',
      'https://git.example.com:8443/a/b',
      'file:///srv/a/b.git',
    ]
    expect(new Set(different.map(normaliseRepositoryUrl)).size).toBe(different.length)
  })
})

describe('RepositoryUrl', () => {
  it.each([
    'git@github.com:myorg/trader.git',
    'https://github.com/myorg/trader.git',
    'ssh://git@host:2222/x/y',
    'file:///srv/git/trader.git',
  ])('takes %s', (url) => {
    expect(RepositoryUrl.safeParse(url).success).toBe(true)
  })

  it.each([
    '',
    'trader',
    '--upload-pack=touch /tmp/x',
    '-oProxyCommand=x@host:path',
    'ext::sh -c id',
    'https://user:secret@github.com/a/b',
    'https://ghp_token@github.com/a/b',
    'javascript://x/y',
    'https://github.com/',
    'https://github.com/a b',
    'git@github.com:a\nb',
    'git@-host:path',
    'https://github.com/a/b?token=x',
  ])('refuses %j', (url) => {
    expect(RepositoryUrl.safeParse(url).success).toBe(false)
  })

  it('says what to do about a token in the URL', () => {
    const parsed = RepositoryUrl.safeParse('https://user:secret@github.com/a/b')
    expect(parsed.error?.issues[0]?.message).toContain('configure a credential')
  })
})

describe('branches', () => {
  it('are short for the usual task and long, with a hash, beside another', () => {
    expect(taskBranch('1.2')).toBe('feature/task-1.2-implementation')
    expect(longTaskBranch({ service: 'auth', tag: 'master', taskId: '1' })).toMatch(
      /^feature\/auth-master-task-1-implementation-[a-z2-7]{5}$/,
    )
  })

  it('have one key for all forms of the repository', () => {
    const branch = taskBranch('1')
    expect(branchKey('git@github.com:myorg/trader.git', branch)).toBe(
      branchKey('https://github.com/myorg/trader', branch),
    )
    expect(branchKey('git@github.com:myorg/trader.git', branch)).toBe(branchKeyOf('github.com/myorg/trader', branch))
    expect(branchKey('git@github.com:myorg/trader.git', branch)).not.toBe(
      branchKey('git@github.com:myorg/auth.git', branch),
    )
  })

  it.each(['-f', 'a..b', 'a b', 'a~1', 'HEAD', '@', 'a.lock', 'a/', '/a', 'a//b', 'a/.b', 'a^', 'x:y', 'x\n', 'a@{1}'])(
    'refuses %j',
    (name) => {
      expect(BranchName.safeParse(name).success).toBe(false)
    },
  )
})

describe('WorkingDirectory', () => {
  it.each(['trading-engine', '.', 'a/b', 'a/b/'])('takes %j', (path) => {
    expect(WorkingDirectory.safeParse(path).success).toBe(true)
  })

  it.each(['/etc', '../x', 'a/../../b', '~', 'a\u0000b', '.git', 'a/.git/hooks', '-rf', 'a\\b', 'a//b'])(
    'refuses %j',
    (path) => {
      expect(WorkingDirectory.safeParse(path).success).toBe(false)
    },
  )
})
