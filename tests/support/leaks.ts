/** Ways in which an agent gives secrets away, each with one of its own, so that a leak names its way. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'

export interface Way {
  /** What is done with it. */
  readonly leak: (secret: string, say: Say) => void | Promise<void>
  /** The form in which it would be seen; left out: as it is. */
  readonly shown?: (secret: string) => string
  /** The secret has characters that are written otherwise in JSON, URLs and shells. */
  readonly special?: true
}

export interface Say {
  readonly out: (text: string) => Promise<void>
  readonly error: (text: string) => Promise<void>
  readonly hint: (value: Readonly<Record<string, unknown>>) => Promise<void>
}

const EXECUTOR_LINE = 64 * 1024
const RUNNER_LINE = 12 * 1024
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const git = (...args: readonly string[]): void => void execFileSync('git', args, { stdio: 'ignore' })
/** What base64 shows of a secret, whatever stands around it. */
const core = (encoded: string): string => encoded.slice(8, -8)
const start = (secret: string): string => secret.slice(0, 14)

/** A line in which the bound of `bytes` falls within the secret, `inside` characters after its beginning. */
const atEdge =
  (bytes: number, inside: number): Way['leak'] =>
  (secret, { out }) =>
    out(`${'x'.repeat(bytes - inside)}${secret} and more\n`)

export const WAYS: Readonly<Record<string, Way>> = {
  'a line of its own': { leak: (secret, { out }) => out(`${secret}\n`) },
  'within a sentence': { leak: (secret, { out }) => out(`the key is ${secret}, really\n`) },
  'glued to letters': { leak: (secret, { out }) => out(`abc${secret}def\n`) },
  'standard error': { leak: (secret, { error }) => error(`fatal: bad key ${secret}\n`) },
  'no newline at the end of a piece': { leak: (secret, { out }) => out(`key=${secret}`).then(() => out('\n')) },
  'two pieces of a line': {
    leak: async (secret, { out }) => {
      await out(`piece ${secret.slice(0, 9)}`)
      await new Promise((resolve) => setTimeout(resolve, 60))
      await out(`${secret.slice(9)} end\n`)
    },
  },
  'byte by byte': {
    leak: async (secret, { out }) => {
      for (const byte of Buffer.from(`${secret}\n`)) await out(String.fromCharCode(byte))
    },
  },
  'two pieces on standard error': {
    leak: async (secret, { error }) => {
      await error(secret.slice(0, 11))
      await new Promise((resolve) => setTimeout(resolve, 60))
      await error(`${secret.slice(11)}\n`)
    },
  },
  'the whole environment': { special: true, leak: (_, { out }) => out(execFileSync('env', { encoding: 'utf8' })) },
  'the environment of its process': { leak: (_, { out }) => out(`${readFileSync('/proc/self/environ', 'utf8')}\n`) },
  'exported variables': {
    special: true,
    leak: (_, { out }) => out(execFileSync('bash', ['-c', 'export -p'], { encoding: 'utf8' })),
  },
  JSON: { special: true, leak: (secret, { out }) => out(`${JSON.stringify({ api_key: secret })}\n`) },
  'JSON within JSON': {
    special: true,
    leak: (secret, { out }) => out(`${JSON.stringify({ body: JSON.stringify({ key: secret }) })}\n`),
    shown: (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  },
  'JSON in a string of a program': {
    special: true,
    leak: (secret, { out }) => out(`${inspect({ headers: { key: secret } })}\n`),
  },
  'YAML and TOML': { leak: (secret, { out }) => out(`key: '${secret}'\nkey = """${secret}"""\n`) },
  'a URL, percent-encoded': {
    special: true,
    leak: (secret, { out }) => out(`GET https://example.com/?q=${encodeURIComponent(secret)} 200\n`),
    shown: encodeURIComponent,
  },
  'a form, percent-encoded': {
    special: true,
    leak: (secret, { out }) => out(`${new URLSearchParams({ field: secret }).toString()}\n`),
    shown: (secret) => new URLSearchParams({ q: secret }).toString().slice(2),
  },
  'percent-encoded in small letters': {
    special: true,
    leak: (secret, { out }) => out(`${encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())}\n`),
    shown: (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
  },
  'the user of a URL': {
    leak: (secret, { out }) => out(`cloning https://${encodeURIComponent(secret)}@example.com/x\n`),
  },
  'the password of a URL': {
    special: true,
    leak: (secret, { out }) => out(`postgres://bob:${encodeURIComponent(secret)}@db.example.com/x\n`),
    shown: encodeURIComponent,
  },
  'the query of a URL': {
    special: true,
    leak: (secret, { out }) => out(`https://example.com/x?access_token=${encodeURIComponent(secret)}&page=2\n`),
    shown: encodeURIComponent,
  },
  'the path of a URL': {
    leak: (secret, { out }) => out(`https://hooks.example.com/services/${encodeURIComponent(secret)}\n`),
    shown: encodeURIComponent,
  },
  base64: {
    special: true,
    leak: (secret, { out }) => out(`${base64(secret)}\n`),
    shown: (secret) => core(base64(secret)),
  },
  'base64 of user and password': {
    leak: (secret, { out }) => out(`X-Auth: ${base64(`user:${secret}`)}\n`),
    shown: (secret) => core(base64(`user:${secret}`)),
  },
  'base64 one byte later': {
    leak: (secret, { out }) => out(`${base64(`x${secret}yz`)}\n`),
    shown: (secret) => core(base64(`x${secret}yz`)),
  },
  'base64 for URLs': {
    leak: (secret, { out }) => out(`${Buffer.from(secret).toString('base64url')}\n`),
    shown: (secret) => core(Buffer.from(secret).toString('base64url')),
  },
  'base64 in lines of 76': {
    leak: (secret, { out }) =>
      out(execFileSync('base64', { input: `a config file\nkey = ${secret}\nand more of it\n`, encoding: 'utf8' })),
    shown: (secret) => core(base64(`a config file\nkey = ${secret}\nand more`)).slice(24, 48),
  },
  hexadecimal: {
    special: true,
    leak: (secret, { out }) => out(`${Buffer.from(secret).toString('hex')}\n`),
    shown: (secret) => Buffer.from(secret).toString('hex'),
  },
  'hexadecimal in capitals': {
    leak: (secret, { out }) => out(`${Buffer.from(secret).toString('hex').toUpperCase()}\n`),
    shown: (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  },
  'in colour': { leak: (secret, { out }) => out(`\u001B[1;31m${secret}\u001B[0m\n`) },
  'after a carriage return': { leak: (secret, { out }) => out(`loading 10%\r${secret}\r\n`) },
  'between control characters': { leak: (secret, { out }) => out(`\u0007\u0000${secret}\u0008\n`) },
  'beside letters of other scripts': { leak: (secret, { out }) => out(`ключ${secret}鍵\u202E\n`) },
  'at the bound of a line, one byte in': { leak: atEdge(EXECUTOR_LINE, 1), shown: start },
  'at the bound of a line, in its middle': { leak: atEdge(EXECUTOR_LINE, 15), shown: start },
  'at the bound of a line, one byte short': { leak: atEdge(EXECUTOR_LINE, 20), shown: start },
  'at the bound of what is told of a line': { leak: atEdge(RUNNER_LINE - 100, 15), shown: start },
  'twice in a row': { leak: (secret, { out }) => out(`${secret}${secret}\n`) },
  'what it says': {
    special: true,
    leak: (secret, { hint }) => hint({ orchestrator: 'text', text: `I use ${secret}.` }),
  },
  'what a tool is called with': {
    leak: (secret, { hint }) =>
      hint({ orchestrator: 'tool', tool: 'Bash', summary: `curl -H "X-Key: ${secret}"`, ok: true }),
  },
  'the name of a tool': {
    leak: (secret, { hint }) => hint({ orchestrator: 'tool', tool: `mcp__${secret}`, summary: '' }),
  },
  'the command of a test': {
    leak: (secret, { hint }) => hint({ orchestrator: 'test', command: `KEY=${secret} npm test`, exitCode: 0 }),
  },
  'progress that nobody knows': { leak: (secret, { hint }) => hint({ orchestrator: 'unheard', of: secret }) },
  'the message of a commit': {
    special: true,
    leak: (secret) => {
      writeFileSync('noted.txt', 'noted\n')
      git('add', '--all')
      git('commit', '--quiet', '--message', `Use ${secret}`, '--message', `Key: ${secret}`)
    },
  },
  'the author of a commit': {
    leak: (secret) => git('commit', '--quiet', '--allow-empty', '--message', 'x', `--author=${secret} <a@example.com>`),
  },
  'a branch and a tag': {
    leak: (secret) => {
      git('branch', `leak/${secret}`)
      git('tag', `leak-${secret}`)
    },
  },
  "the repository's configuration": { leak: (secret) => git('config', 'http.extraHeader', `X-Key: ${secret}`) },
  'another remote': {
    leak: (secret) => git('remote', 'add', 'other', `https://u:${encodeURIComponent(secret)}@127.0.0.1:1/x.git`),
    shown: encodeURIComponent,
  },
  'a hook': {
    leak: (secret) => {
      mkdirSync('../.git/hooks', { recursive: true })
      for (const hook of ['pre-commit', 'pre-push', 'reference-transaction'])
        writeFileSync(`../.git/hooks/${hook}`, `#!/bin/sh\necho '${base64(secret)}' >&2\n`, { mode: 0o755 })
    },
    shown: (secret) => core(base64(secret)),
  },
  'the name of a file': {
    leak: (secret) => writeFileSync(`${secret}.txt`, 'x'),
  },
  'a test that it switches off': {
    leak: (secret) => writeFileSync('leak.test.ts', `it.skip(${JSON.stringify(secret)}, () => {})\n`),
  },
  "a gate's output": { leak: (secret) => writeFileSync('gate-out.txt', `the gate says ${secret}\n`) },
  "a gate's standard error": { leak: (secret) => writeFileSync('gate-error.txt', `error: ${secret}\n`) },
  "a gate's output, encoded": {
    leak: (secret) => writeFileSync('gate-encoded.txt', `${base64(`k:${secret}`)}\n`),
    shown: (secret) => core(base64(`k:${secret}`)),
  },
  "a gate's output at the bound of a line": {
    leak: (secret) => writeFileSync('gate-edge.txt', `${'y'.repeat(EXECUTOR_LINE - 12)}${secret}\n`),
    shown: start,
  },
  'its last words': { leak: (secret, { hint }) => hint({ orchestrator: 'text', text: `Done with ${secret}` }) },
}

/** For the variable of a way. */
export const variableOf = (index: number): string => `LEAK_${index}`
