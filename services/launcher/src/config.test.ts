import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '@orchestrator/shared/service'
import { describe, expect, it } from 'vitest'
import { LauncherEnvironment } from './config.ts'

describe('LauncherEnvironment', () => {
  it('needs only to know where state is kept', () => {
    const config = parseConfig(LauncherEnvironment, { STATE_DIR: '/state' })
    expect(config).toMatchObject({
      RUNTIME: 'process',
      RECONCILE_INTERVAL_MS: 30_000,
      HOLD_LIMIT_MS: 30_000,
      STOP_GRACE_MS: 30_000,
    })
    expect(config.PATH).not.toBe('')
    expect(existsSync(join(config.TEMPLATES_DIR, 'implementation', 'prompt.md.hbs'))).toBe(true)
  })

  it('names every variable at fault', () => {
    const parse = (): unknown =>
      parseConfig(LauncherEnvironment, { STATE_DIR: 'here', RUNTIME: 'docker', STOP_GRACE_MS: '0' })
    for (const name of ['STATE_DIR="here"', 'RUNTIME="docker"', 'STOP_GRACE_MS="0"']) expect(parse).toThrow(name)
    expect(() => parseConfig(LauncherEnvironment, {})).toThrow('STATE_DIR (not set)')
  })
})
