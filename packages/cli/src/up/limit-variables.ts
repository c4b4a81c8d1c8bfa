import type { InstallationLimits } from '@orchestrator/shared/contracts'

const MIB = 1024 * 1024

/** Limits of the settings as the variables of the services; what is not set has the default of its service. Pure. */
export function limitVariables(limits: InstallationLimits = {}): Readonly<Record<string, string>> {
  const { archiveDays, logMebibytes, requestsPerSecond, connections } = limits
  return {
    ...(archiveDays !== undefined && { ARCHIVE_MAX_AGE_DAYS: String(archiveDays) }),
    ...(logMebibytes !== undefined && { LOG_BYTES_PER_ATTEMPT: String(logMebibytes * MIB) }),
    ...(requestsPerSecond !== undefined && { TOKEN_REQUESTS_PER_SECOND: String(requestsPerSecond) }),
    ...(connections !== undefined && { MAX_CONNECTIONS: String(connections) }),
  }
}
