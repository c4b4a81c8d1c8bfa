import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { acquireExclusiveLock } from './exclusive-lock.ts'

const MODULE = join(import.meta.dirname, 'exclusive-lock.ts')

describe('acquireExclusiveLock', () => {
  it('is given to one holder at a time, and again after its release', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'lock-'))
    const file = join(directory.path, 'lock')
    {
      using held = acquireExclusiveLock(file)
      expect(held).toBeDefined()
      expect(acquireExclusiveLock(file)).toBeUndefined()
    }
    using again = acquireExclusiveLock(file)
    expect(again).toBeDefined()
  })

  it('comes back when the holder is killed', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'lock-'))
    const file = join(directory.path, 'lock')
    const script = `const { acquireExclusiveLock } = await import(process.argv[1]); globalThis.held = acquireExclusiveLock(process.argv[2]); console.log('held'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script, MODULE, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    expect(acquireExclusiveLock(file)).toBeUndefined()
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await vi.waitFor(() => {
      using held = acquireExclusiveLock(file)
      expect(held).toBeDefined()
    }, 10_000)
  })
})
