import { InstallationLimits } from '@orchestrator/shared/contracts'
import { parseConfig } from '@orchestrator/shared/service'
import { SubmitterEnvironment } from '@orchestrator/submitter/config'
import { WatcherEnvironment } from '@orchestrator/watcher/config'
import { describe, expect, it } from 'vitest'
import { limitVariables } from './limit-variables.ts'

const COMMON = { NATS_URL: 'nats://127.0.0.1:4222', STATE_DIR: '/s', VIEW_FILE: ':memory:' }

function servicesWith(limits: InstallationLimits): unknown {
  const environment = { ...COMMON, ...limitVariables(limits) }
  const { TOKEN_REQUESTS_PER_SECOND, MAX_CONNECTIONS } = parseConfig(SubmitterEnvironment, environment)
  const { ARCHIVE_MAX_AGE_DAYS, LOG_BYTES_PER_ATTEMPT } = parseConfig(WatcherEnvironment, environment)
  return { TOKEN_REQUESTS_PER_SECOND, MAX_CONNECTIONS, ARCHIVE_MAX_AGE_DAYS, LOG_BYTES_PER_ATTEMPT }
}

describe('limits of the settings', () => {
  it('reach the services that they are for', () => {
    const limits = { archiveDays: 7, logMebibytes: 2, requestsPerSecond: 50, connections: 100 }
    expect(servicesWith(limits)).toEqual({
      TOKEN_REQUESTS_PER_SECOND: 50,
      MAX_CONNECTIONS: 100,
      ARCHIVE_MAX_AGE_DAYS: 7,
      LOG_BYTES_PER_ATTEMPT: 2 * 1024 * 1024,
    })
  })

  it('leave every default where they say nothing', () => {
    expect(limitVariables(undefined)).toEqual({})
    expect(servicesWith({})).toMatchObject({ MAX_CONNECTIONS: 4096, ARCHIVE_MAX_AGE_DAYS: 90 })
  })

  it.each([
    [{ archiveDays: 1, logMebibytes: 1, requestsPerSecond: 1, connections: 1 }],
    [{ archiveDays: 36_500, logMebibytes: 4096, requestsPerSecond: 100_000, connections: 65_535 }],
  ])('are taken by the services at their ends: %j', (limits) => {
    expect(InstallationLimits.parse(limits)).toEqual(limits)
    expect(() => servicesWith(limits)).not.toThrow()
  })
})
