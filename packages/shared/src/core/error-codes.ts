/** All error codes, in one place so that none is used twice for two things. Only ever add; a retired code stays listed. */
export const ERROR_CODES = [
  // Configuration and input
  'CONFIG_INVALID',
  'SETTINGS_INVALID',
  'INPUT_INVALID',
  // Broker and ledger
  'BROKER_UNAVAILABLE',
  'BROKER_UNSUITABLE',
  'BROKER_DIRECTORY_IN_USE',
  'LEDGER_FULL',
  'LEDGER_CONFLICT',
  'EVENT_UNREADABLE',
  'EVENT_TOO_NEW',
  'DOCUMENT_CONFLICT',
  // Requests
  'NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'PREVIOUS_NOT_LATEST',
  'ALREADY_FINISHED',
  'ATTEMPT_NOT_STARTED',
  'ATTEMPT_NOT_FINISHED',
  'NOTHING_TO_RELEASE',
  'VIEW_NOT_READY',
  'TOO_MANY_READERS',
  'CURSOR_INVALID',
  'GONE',
  // Runtime and workspace
  'RUNTIME_UNAVAILABLE',
  'WORKLOAD_LOST',
  'TEMPLATE_INVALID',
  'GIT_FAILED',
  'GIT_AUTH_FAILED',
  'GIT_NOT_FOUND',
  'GIT_REJECTED',
  'GIT_UNAVAILABLE',
  'WORKSPACE_CONFLICT',
  'WORKSPACE_LOCKED',
  'DOCS_MISSING',
  'DISK_FULL',
  'FENCED',
  'CLAIM_LOST',
  'TOOLS_UNAVAILABLE',
  // Telling
  'CHANNEL_UNAVAILABLE',
  'CHANNEL_REJECTED',
  // Tools
  'BACKUP_INVALID',
  'SERVER_UNREACHABLE',
  'SET_UP_INCOMPLETE',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]
