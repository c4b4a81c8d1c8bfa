import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { createProcessTable, formatWorkloadUid, parseWorkloadUid } from './index.ts'

const VARIABLE = 'ORCHESTRATOR_TEST_MARKER'
const table = createProcessTable()
const children: ChildProcess[] = []

function start(script: string, value: string): ChildProcess {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', [VARIABLE]: value },
  })
  children.push(child)
  return child
}

afterEach(() => {
  for (const { pid } of children.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Already gone.
    }
  }
})

describe('createProcessTable', () => {
  it('identifies a live process, and none once it has ended', async () => {
    const child = start('sleep 60', randomUUID())
    const identity = table.identify(child.pid ?? 0)
    expect(identity).toEqual({
      bootId: table.bootId(),
      pid: child.pid,
      startTicks: expect.stringMatching(/^\d+$/),
    })
    if (identity === undefined) throw new Error('no identity')
    expect(table.isAlive(identity)).toBe(true)
    expect(table.isAlive({ ...identity, startTicks: '1' })).toBe(false)
    expect(table.isAlive({ ...identity, bootId: randomUUID() })).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(table.isAlive(identity)).toBe(false)
    expect(table.identify(identity.pid)).toBeUndefined()
  })

  it('counts a zombie as none', async () => {
    // The shell becomes a sleep that never collects its ended child.
    const marker = randomUUID()
    const child = start('sh -c "echo \\$\\$; exit 0" & exec sleep 60', marker)
    const line: unknown[] = await once(child.stdout ?? child, 'data')
    const zombie = Number(String(line[0]))
    expect(zombie).toBeGreaterThan(1)
    await expect.poll(() => table.identify(zombie)).toBeUndefined()
    expect(table.withVariable(VARIABLE, marker)).toEqual([child.pid])
  })

  it('finds every process that inherited the variable, in other sessions too', async () => {
    const marker = randomUUID()
    const child = start('setsid sleep 60 & sleep 60', marker)
    await expect.poll(() => table.withVariable(VARIABLE, marker).length).toBe(3)
    expect(table.withVariable(VARIABLE, marker)).toContain(child.pid)
    expect(table.withVariable(VARIABLE, marker.slice(0, -1))).toEqual([])
  })

  it('signals them all, with the groups they lead, until none is left', async () => {
    const marker = randomUUID()
    // The second sleep has lost the variable and is reached through its leader's group alone.
    start('setsid sh -c "env -u ORCHESTRATOR_TEST_MARKER sleep 61 & wait" & trap "" TERM; sleep 60', marker)
    await expect.poll(() => table.withVariable(VARIABLE, marker).length).toBe(3)
    await expect
      .poll(() => {
        table.signalAll(VARIABLE, marker, 'SIGKILL')
        return table.withVariable(VARIABLE, marker)
      })
      .toEqual([])
  })
})

describe('workload uids', () => {
  it('are read back to the identity that they were made of', () => {
    const identity = { bootId: table.bootId(), pid: 4711, startTicks: '123456789' }
    expect(parseWorkloadUid(formatWorkloadUid(identity))).toEqual(identity)
  })

  it.each(['', 'pod-uid', 'a:1:2', `${randomUUID()}:0:1`, `${randomUUID()}:1:`, `${randomUUID()}:1:2:3`])(
    'of another kind (%j) are left alone',
    (uid) => {
      expect(parseWorkloadUid(uid)).toBeUndefined()
    },
  )
})
