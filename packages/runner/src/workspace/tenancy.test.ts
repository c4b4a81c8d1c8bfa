import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptFile } from '@orchestrator/shared/contracts'
import { temporaryDirectory, type TemporaryDirectory } from '@orchestrator/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { enterTenancy } from './tenancy.ts'
import { attemptFileFor } from './workspace-fixture.ts'

let temporary: TemporaryDirectory
let root: string
beforeEach(async () => {
  temporary = await temporaryDirectory()
  root = join(temporary.path, 'workspace-trader')
})
afterEach(async () => {
  await temporary[Symbol.asyncDispose]()
})

function attempt(n: number, epoch = { generation: 1, sequence: n * 10 }): AttemptFile {
  return {
    ...attemptFileFor(
      { n },
      { workspaceDirectory: root, target: 'https://example.org/t', platform: 'https://example.org/p' },
    ),
    epoch,
  }
}

const tasks = (path: string): string => join(root, 'tasks', path)

describe('entering a workspace', () => {
  it('claims the attempt, writes the epoch and holds the lock', async () => {
    await using tenancy = await enterTenancy({ attempt: attempt(1), workloadUid: 'boot:1:2' })
    expect(tenancy.attemptDirectory).toBe(tasks('master-1/attempt-1'))
    expect(JSON.parse(await readFile(tasks('master-1/attempt-1/claim'), 'utf8'))).toEqual({
      v: 1,
      submittedId: attempt(1).submittedId,
      workloadUid: 'boot:1:2',
    })
    expect(JSON.parse(await readFile(tasks('epoch'), 'utf8'))).toEqual({ generation: 1, sequence: 10 })
    await tenancy.assertCurrent()
  })

  it('marks folders from the second generation on', async () => {
    await using tenancy = await enterTenancy({ attempt: attempt(1, { generation: 2, sequence: 1 }), workloadUid: 'u' })
    expect(tenancy.attemptDirectory).toBe(tasks('master-1/attempt-1-g2'))
  })

  it('is refused while another runner lives, and names it', async () => {
    await using _ = await enterTenancy({ attempt: attempt(1), workloadUid: 'boot:1:2' })
    await expect(enterTenancy({ attempt: attempt(2), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
      details: { holder: expect.stringContaining('boot:1:2') },
    })
    expect(existsSync(tasks('master-1/attempt-2'))).toBe(false)
  })

  it('is refused as lost where the other runner has this very attempt', async () => {
    await using _ = await enterTenancy({ attempt: attempt(1), workloadUid: 'boot:1:2' })
    await expect(enterTenancy({ attempt: attempt(1), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'CLAIM_LOST',
      details: { holder: 'boot:1:2' },
    })
  })

  it('is refused for ever once claimed, by its own workload too, and with an empty claim', async () => {
    await (await enterTenancy({ attempt: attempt(1), workloadUid: 'u' }))[Symbol.asyncDispose]()
    await expect(enterTenancy({ attempt: attempt(1), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'CLAIM_LOST',
      details: { holder: 'u' },
    })
    await mkdir(tasks('master-1/attempt-2'))
    await writeFile(tasks('master-1/attempt-2/claim'), '')
    await expect(enterTenancy({ attempt: attempt(2), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'CLAIM_LOST',
      details: { holder: 'unknown' },
    })
    expect(JSON.parse(await readFile(tasks('epoch'), 'utf8'))).toEqual({ generation: 1, sequence: 10 })
  })

  it('is refused after a later attempt, by generation first, and then leaves no claim', async () => {
    await (
      await enterTenancy({ attempt: attempt(1, { generation: 2, sequence: 5 }), workloadUid: 'u' })
    )[Symbol.asyncDispose]()
    await expect(
      enterTenancy({ attempt: attempt(2, { generation: 1, sequence: 99 }), workloadUid: 'u' }),
    ).rejects.toMatchObject({ code: 'FENCED' })
    await expect(
      enterTenancy({ attempt: attempt(2, { generation: 2, sequence: 4 }), workloadUid: 'u' }),
    ).rejects.toMatchObject({ code: 'FENCED' })
    expect(existsSync(tasks('master-1/attempt-2'))).toBe(false)
    await (
      await enterTenancy({ attempt: attempt(2, { generation: 2, sequence: 6 }), workloadUid: 'u' })
    )[Symbol.asyncDispose]()
  })

  it('is noticed to be over when the epoch is another or gone', async () => {
    await using tenancy = await enterTenancy({ attempt: attempt(1), workloadUid: 'u' })
    await writeFile(tasks('epoch'), JSON.stringify({ generation: 1, sequence: 11 }))
    await expect(tenancy.assertCurrent()).rejects.toMatchObject({ code: 'FENCED' })
    await rm(tasks('epoch'))
    await expect(tenancy.assertCurrent()).rejects.toMatchObject({ code: 'FENCED' })
  })

  it('never goes through links', async () => {
    const elsewhere = join(temporary.path, 'elsewhere')
    await mkdir(elsewhere)
    await mkdir(root)
    await symlink(elsewhere, join(root, 'tasks'))
    await expect(enterTenancy({ attempt: attempt(1), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'WORKSPACE_CONFLICT',
    })
    await rm(join(root, 'tasks'))
    await mkdir(tasks('master-1'), { recursive: true })
    await symlink(elsewhere, tasks('master-1/attempt-1'))
    await expect(enterTenancy({ attempt: attempt(1), workloadUid: 'u' })).rejects.toMatchObject({
      code: 'WORKSPACE_CONFLICT',
    })
    expect(existsSync(join(elsewhere, 'claim'))).toBe(false)
  })

  it('is possible again at once when the holder was killed', async () => {
    const script = join(temporary.path, 'holder.ts')
    const file = new URL('tenancy.ts', import.meta.url).href
    await writeFile(
      script,
      `import { enterTenancy } from ${JSON.stringify(file)}
       await enterTenancy({ attempt: ${JSON.stringify(attempt(1))}, workloadUid: 'child' })
       process.send('in'); setInterval(() => {}, 1000)`,
    )
    const child = fork(script, { stdio: 'inherit' })
    try {
      await new Promise((resolve) => child.once('message', resolve))
      await expect(enterTenancy({ attempt: attempt(2), workloadUid: 'u' })).rejects.toMatchObject({
        code: 'WORKSPACE_LOCKED',
      })
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    await using _ = await enterTenancy({ attempt: attempt(2), workloadUid: 'u' })
  })
})
