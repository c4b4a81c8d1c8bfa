import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createLaunchTries } from './launch-tries.ts'

const away = new RetryableError('RUNTIME_UNAVAILABLE', 'no process')

describe('createLaunchTries', () => {
  it('tries again after a growing delay, and gives up after the fifth failure', async () => {
    const clock = createTestClock()
    const tries = createLaunchTries({ clock, random: () => 1 })
    const delays: number[] = []
    for (let i = 0; i < 4; i += 1) {
      expect(tries.fact('a')).toEqual({ kind: 'due' })
      tries.failed('a', away)
      const fact = tries.fact('a')
      delays.push(fact.kind === 'later' ? fact.inMs : 0)
      await clock.advance(delays.at(-1) ?? 0)
    }
    expect(delays).toEqual([500, 1000, 2000, 4000])
    tries.failed('a', away)
    expect(tries.fact('a')).toEqual({
      kind: 'failed',
      reason: 'LaunchFailed',
      message: 'It could not be started in 5 tries: no process',
    })
    expect(tries.fact('b')).toEqual({ kind: 'due' })
    tries.forget('a')
    expect(tries.fact('a')).toEqual({ kind: 'due' })
  })

  it.each([new RetryableError('DISK_FULL', 'no space'), Object.assign(new Error('no space'), { code: 'ENOSPC' })])(
    'never gives up on a full disk, whoever says so',
    async (full) => {
      const clock = createTestClock()
      const tries = createLaunchTries({ clock, random: () => 1 })
      for (let i = 0; i < 20; i += 1) {
        tries.failed('a', full)
        expect(tries.fact('a')).toMatchObject({ kind: 'later', problem: 'no space' })
        await clock.advance(15_000)
        expect(tries.fact('a')).toEqual({ kind: 'due' })
      }
    },
  )

  it.each([
    ['SETTINGS_INVALID', 'ConfigurationInvalid'],
    ['TEMPLATE_INVALID', 'ConfigurationInvalid'],
    ['RUNTIME_UNAVAILABLE', 'LaunchFailed'],
  ] as const)('gives up at once where trying again cannot help: %s is %s', (code, reason) => {
    const tries = createLaunchTries({ clock: createTestClock(), random: () => 1 })
    tries.failed('a', new TerminalError(code, 'no agent'))
    expect(tries.fact('a')).toEqual({ kind: 'failed', reason, message: 'no agent' })
  })
})
