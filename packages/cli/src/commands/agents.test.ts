import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { AGENT_PROGRAMS } from '../agents/programs.ts'
import { run } from '../testing/run.ts'

/** An npm that installs what the real one would, in small; it notes what it was asked. */
async function fakeNpm(bin: string, says: string): Promise<void> {
  await mkdir(bin, { recursive: true })
  const script = [
    '#!/bin/sh',
    `echo "$@ with $NODE_EXTRA_CA_CERTS through $HTTPS_PROXY" >> ${bin}/asked`,
    'while [ "$1" != --prefix ]; do shift; done',
    'folder="$2/node_modules/@anthropic-ai/claude-code-linux-x64"',
    'mkdir -p "$folder"',
    `printf '#!/bin/sh\\necho "${says}"\\n' > "$folder/claude"`,
    'chmod +x "$folder/claude"',
  ]
  await writeFile(join(bin, 'npm'), script.join('\n'))
  await chmod(join(bin, 'npm'), 0o755)
}

describe('agents install', () => {
  it('names size and licence, and does nothing without a yes', async () => {
    const ran = await run(['agents', 'install', 'claude'])
    expect(ran.code).toBe(2)
    expect(ran.error + ran.out).toContain('about 381 MB')
    expect(ran.error + ran.out).toContain('all rights reserved')
    expect(ran.error).toContain('--yes')
  })

  it('knows codex too', async () => {
    const ran = await run(['agents', 'install', 'codex'])
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('Codex 0.169.0: npm package @openai/codex, about 404 MB')
    expect(ran.error).toContain('Licence: Apache-2.0')
  })

  it('installs the tested version without running its scripts, once', async () => {
    await using directory = await temporaryDirectory()
    const bin = join(directory.path, 'bin')
    await fakeNpm(bin, `${AGENT_PROGRAMS.claude.version} (Claude Code)`)
    const network = { HTTPS_PROXY: 'http://proxy:3128', NODE_EXTRA_CA_CERTS: '/etc/ca.pem' }
    const environment = { ...network, PATH: `${bin}:/usr/bin:/bin` }
    const args = ['agents', 'install', 'claude', '--yes', '--state-dir', directory.path]
    const place = join(directory.path, 'tools/bin/claude')
    for (const _ of [1, 2]) expect(await run(args, { environment })).toMatchObject({ code: 0, out: `${place}\n` })
    expect(await readlink(place)).toContain(`claude-${AGENT_PROGRAMS.claude.version}/node_modules`)
    const asked = (await readFile(join(bin, 'asked'), 'utf8')).trim().split('\n')
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain(`--ignore-scripts`)
    expect(asked[0]).toContain('with /etc/ca.pem through http://proxy:3128')
    expect(asked[0]).toContain(`@anthropic-ai/claude-code@${AGENT_PROGRAMS.claude.version}`)
  })

  it('leaves nothing behind of a program that is another version or does not run', async () => {
    await using directory = await temporaryDirectory()
    const bin = join(directory.path, 'bin')
    await fakeNpm(bin, '9.9.9')
    const args = ['agents', 'install', 'claude', '--yes', '--state-dir', directory.path]
    const ran = await run(args, { environment: { PATH: `${bin}:/usr/bin:/bin` } })
    expect(ran.code).toBe(1)
    expect(ran.error).toContain('could not be installed')
    expect(await readdir(join(directory.path, 'tools'))).toEqual([])
  })

  it('says why npm could not, not where its log is', async () => {
    await using directory = await temporaryDirectory()
    const npm = join(directory.path, 'npm')
    const words = ['warn old lockfile', 'error code E404', 'error 404 Not Found - GET x', 'error A complete log: y']
    await writeFile(npm, `#!/bin/sh\n${words.map((line) => `echo 'npm ${line}' >&2\n`).join('')}exit 1\n`, {
      mode: 0o755,
    })
    const args = ['agents', 'install', 'claude', '--yes', '--state-dir', directory.path]
    const ran = await run(args, { environment: { PATH: `${directory.path}:/usr/bin:/bin` } })
    expect(ran.error).toContain('could not be installed: npm said: 404 Not Found - GET x\n')
  })

  it('refuses what it does not know', async () => {
    const ran = await run(['agents', 'install', 'cursor', '--yes'])
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('"cursor" cannot be installed from here: use "claude" or "codex"')
  })
})
