import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedaction } from './redaction.ts'
import { secretsIn, secretVariables } from './secrets.ts'

const shapes = createRedaction([])

describe('redaction of what looks like a secret', () => {
  it.each([
    ['a GitHub token', `ghp_${'a1'.repeat(18)}`],
    ['a fine-grained GitHub token', `github_pat_${'A1_'.repeat(20)}`],
    ['an installation token', `ghs_${'Z9'.repeat(18)}`],
    ['a GitLab token', 'glpat-abcDEF123456_-789012'],
    ['a model key', `sk-ant-api03-${'x-Y_9'.repeat(12)}`],
    ['a token of our own', `orc_${'x-Y_9'.repeat(8)}abc`],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['a Slack token', 'xoxb-123456789012-abcdefABCDEF'],
    ['a web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s-_1gnature'],
  ])('hides %s wherever it stands', (_, secret) => {
    const places = [
      secret,
      `token=${secret}`,
      `{"a":"${secret}"}`,
      `x ${secret}, y`,
      `\u001B[1;31m${secret}\u001B[0m`,
      `"line\\n${secret}"`,
    ]
    for (const text of places) expect(shapes.text(text)).not.toContain(secret)
  })

  it('hides credentials in URLs and headers, and leaves what surrounds them', () => {
    expect(shapes.text('clone https://bob:hunter2@git.example.org/a.git now')).toBe(
      'clone https://bob:[redacted]@git.example.org/a.git now',
    )
    expect(shapes.text('https://0123456789abcdef0123@github.com/a')).toBe('https://[redacted]@github.com/a')
    expect(shapes.text('Authorization: Bearer abcdef.ghijkl-mnop==')).toBe('Authorization: [redacted]')
    expect(shapes.text('"authorization": "Basic dXNlcjpwYXNz"')).not.toContain('dXNlcjpwYXNz')
    expect(shapes.text('curl -H "X: bearer 0123456789abcdefXYZ"')).not.toContain('0123456789abcdefXYZ')
  })

  it.each([
    ['GET https://example.com/x?a=1&access_token=0123456789ab&b=2 200', '0123456789ab'],
    ['https://example.com/?api_key=a%2Fb%2Bc%3D%3Dd', 'a%2Fb%2Bc'],
    ['https://storage.example.com/o?X=1&Signature=AbCdEfGh12345', 'AbCdEfGh12345'],
    ['DATABASE_PASSWORD=correct-horse', 'correct-horse'],
    ['export STRIPE_API_KEY="rk_live_0123456789"', 'rk_live_0123456789'],
    ['declare -x GH_TOKEN="abcdefgh"', 'abcdefgh'],
  ])('hides what its name calls a secret: %s', (line, secret) => {
    expect(shapes.text(line)).not.toContain(secret)
  })

  it.each([
    'https://example.com/?page=12345678&token=short',
    'MAX_TOKENS=100000000, TOKEN=, const API_KEY = readKey(path)',
    'if (token=nextToken()) monkey=bananas1',
    'ssh://git@github.com/org/repo.git and git@github.com:org/repo.git',
    'http://localhost:8080/path?x=a@b',
    'a commit 0123456789abcdef0123456789abcdef01234567',
    'the bearer of bad news',
    'a BEGIN PRIVATE KEY in words',
    'sk-learn is a library, task-1 a task',
  ])('leaves %j alone', (text) => {
    expect(shapes.text(text)).toBe(text)
  })

  it('hides whole key blocks, and to the end where one does not end', () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nZXktdjE=\n-----END OPENSSH PRIVATE KEY-----'
    expect(shapes.text(`a\n${key}\nb`)).toBe('a\n[redacted]\nb')
    expect(shapes.text(`a ${key.slice(0, 60)}`)).toBe('a [redacted]')
  })

  it('takes linear time on hostile texts', () => {
    const since = performance.now()
    for (const piece of [
      'eyJ',
      'eyJaaaaaaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      'bearer ',
      '://a:',
      'authorization: ',
      'https://aaaaaaaaaaaaaaaaaaaa',
      'ghp_a',
      'sk-',
    ])
      shapes.text(piece.repeat(Math.ceil(65_536 / piece.length)))
    expect(performance.now() - since).toBeLessThan(3000)
  })
})

describe('redaction of known secrets', () => {
  const secret = 'Tr0ub4dor&3/päss'
  const known = createRedaction([secret])

  it('hides a secret in whatever text it stands', () => {
    const secrets = fc
      .string({ minLength: 8, maxLength: 40 })
      .filter((text) => text.trim() === text && !'[redacted]'.includes(text))
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (value, before, after) => {
        expect(createRedaction([value]).text(`${before}${value}${after}`).replaceAll('[redacted]', '')).not.toContain(
          value,
        )
      }),
    )
  })

  it('hides it as base64 at every place in what was encoded', () => {
    for (const before of ['', 'a', 'ab', 'user:', 'x'.repeat(50)]) {
      const encoded = Buffer.from(`${before}${secret}${before}`).toString('base64')
      const shown = known.text(encoded)
      expect(shown).toContain('[redacted]')
      // What is left decodes to less than the secret.
      expect(Buffer.from(shown.replace('[redacted]', ''), 'base64').toString()).not.toContain(secret.slice(2, -2))
    }
  })

  it('hides it in JSON, in URLs and in hexadecimal', () => {
    const quoted = createRedaction(['with"quote\\and more'])
    expect(quoted.text(JSON.stringify({ a: 'with"quote\\and more' }))).toBe('{"a":"[redacted]"}')
    expect(known.text(encodeURIComponent(secret))).toBe('[redacted]')
    expect(known.text(Buffer.from(secret).toString('hex'))).toBe('[redacted]')
  })

  it('hides it in base64 that is broken into lines, as an output of many lines has it', () => {
    const encoded = Buffer.from(`first line\nkey = ${secret}\nand more of the file\n`).toString('base64')
    for (const width of [26, 28, 40]) {
      const broken = encoded.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n') ?? ''
      const left = known.text(broken).replaceAll('\n', '')
      expect(left).toContain('[redacted]')
      expect(Buffer.from(left.replaceAll('[redacted]', ''), 'base64').toString()).not.toMatch(/Tr0ub4dor&3/)
    }
  })

  it('leaves words of our own alone in structured values', () => {
    const odd = createRedaction(['stdout', 'secret-value'])
    const line = { kind: 'output', stream: 'stdout', text: 'stdout secret-value' }
    expect(JSON.parse(JSON.stringify(line, odd.replacer))).toEqual({
      kind: 'output',
      stream: 'stdout',
      text: '[redacted] [redacted]',
    })
  })
})

describe('redaction line by line', () => {
  it('hides a key block over many lines, and nothing after it', () => {
    const stream = shapes.stream()
    const lines = [
      'before',
      '-----BEGIN RSA PRIVATE KEY-----',
      'Proc-Type: 4,ENCRYPTED',
      '',
      'MIIEowIBAAKCAQEA',
      '-----END RSA PRIVATE KEY-----',
      'after',
    ]
    expect(lines.map((line) => stream.line(line, 0).text)).toEqual([
      'before',
      '[redacted]',
      '[redacted]',
      '[redacted]',
      '[redacted]',
      '[redacted]',
      'after',
    ])
  })

  it('does not hide the rest of a log in which the words merely appear', () => {
    const stream = shapes.stream()
    expect(stream.line('grep "-----BEGIN PRIVATE KEY-----" *', 0).text).toContain('grep')
    expect(stream.line('nothing found in 3 files', 0).text).toBe('nothing found in 3 files')
    expect(stream.line('MIIE', 0).text).toBe('MIIE')
  })

  it('hides what the cut of a long line left of a secret, and counts it', () => {
    const stream = createRedaction(['a-very-secret-value']).stream()
    const { text, cutBytes } = stream.line(`${'x'.repeat(200)}a-very-sec`, 100)
    expect(text).not.toContain('a-very')
    expect(cutBytes).toBe(100 + 210 - Buffer.byteLength(text))
  })
})

describe('secretsIn', () => {
  it('reads a token, a credential store, a netrc, variables and JSON', () => {
    expect(secretsIn('token-in-a-file\n')).toContain('token-in-a-file')
    expect(secretsIn('https://bob:p%40ssword1@git.example.org\n')).toEqual(
      expect.arrayContaining(['p%40ssword1', 'p@ssword1']),
    )
    expect(secretsIn('machine git.example.org login bob password hunter2x')).toContain('hunter2x')
    expect(secretsIn('export GITHUB_TOKEN="abcdefgh1234"')).toContain('abcdefgh1234')
    expect(secretsIn('{"token":"abcdefgh1234"}')).toContain('abcdefgh1234')
  })

  it('takes each line of a key, so that it is found line by line', () => {
    expect(secretsIn('-----BEGIN X-----\nb3BlbnNzaC1rZXk\n-----END X-----')).toContain('b3BlbnNzaC1rZXk')
  })

  it('leaves out what is too short to be a secret', () => {
    expect(secretsIn('\n \nab\n')).toEqual([])
  })
})

describe('secretVariables', () => {
  it('takes the values whose names say so', () => {
    expect(
      secretVariables({
        ANTHROPIC_API_KEY: 'abcdefgh',
        github_token: 'ijklmnop',
        KEY: 'short',
        LEVEL: 'verbose-output',
      }),
    ).toEqual(['abcdefgh', 'ijklmnop'])
  })
})
