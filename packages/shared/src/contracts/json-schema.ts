/** The contracts as JSON Schema (draft 2020-12): published for other languages, and kept as snapshots that only grow. */
import { z } from 'zod'
import { TokenAnswer, TokenBody, TokenDocument, TokenList } from './access-tokens.ts'
import { AttemptView, Problem, RetryBody, SubmitAnswer, SubmitBody } from './api.ts'
import { BackupManifest, BackupRecord } from './backup.ts'
import { DeadLetterDetail, DeadLetterPage, ReplayAnswer } from './dead-letter-api.ts'
import { DeadLetter, ReplayEnd, ReplayRequest } from './dead-letters.ts'
import { BranchDocument, DeliveryDocument, LeaseDocument, SlotDocument, WorkspaceDocument } from './documents.ts'
import {
  AttemptFinished,
  AttemptProgressed,
  AttemptStarted,
  StopRequested,
  TaskSubmitted,
  WorkspaceReleased,
} from './events.ts'
import { ServiceHealth } from './health-api.ts'
import { Gates } from './limits.ts'
import { ArchiveHead } from './log-archive.ts'
import { LogBatchHead } from './logs.ts'
import { RebuildAnswer, RebuildBody, RebuildReport, RebuildStatus } from './rebuild-api.ts'
import { ResultRecord } from './result.ts'
import { AttemptFile, ClaimFile, GoFile, HeldFile, RunnerLine, StopFile } from './runner-protocol.ts'
import { Settings } from './settings.ts'
import { ToolChoice } from './tools.ts'
import { ReleaseAnswer, ReleaseBody, WorkspaceView } from './workspace-api.ts'

/** Everything that leaves a process: by events, documents, files and the API. */
export const CONTRACTS = {
  'task.submitted': TaskSubmitted,
  'task.stopRequested': StopRequested,
  'attempt.started': AttemptStarted,
  'attempt.finished': AttemptFinished,
  'attempt.progressed': AttemptProgressed,
  'workspace.released': WorkspaceReleased,
  'runner.attempt-file': AttemptFile,
  'runner.held-file': HeldFile,
  'runner.go-file': GoFile,
  'runner.stop-file': StopFile,
  'runner.claim-file': ClaimFile,
  'runner.line': RunnerLine,
  'runner.result': ResultRecord,
  'logs.batch-head': LogBatchHead,
  'logs.archive-head': ArchiveHead,
  'dead-letters.letter': DeadLetter,
  'dead-letters.replay': ReplayRequest,
  'dead-letters.replayed': ReplayEnd,
  'document.workspace': WorkspaceDocument,
  'document.slot': SlotDocument,
  'document.branch': BranchDocument,
  'document.lease': LeaseDocument,
  'document.delivery': DeliveryDocument,
  'document.token': TokenDocument,
  'api.submit': SubmitBody,
  'api.retry': RetryBody,
  'api.submit-answer': SubmitAnswer,
  'api.attempt': AttemptView,
  'api.problem': Problem,
  'api.workspace': WorkspaceView,
  'api.rebuild': RebuildBody,
  'api.rebuild-answer': RebuildAnswer,
  'api.rebuild-status': RebuildStatus,
  'control.report': RebuildReport,
  'control.health': ServiceHealth,
  'api.release': ReleaseBody,
  'api.release-answer': ReleaseAnswer,
  'api.dead-letter': DeadLetterDetail,
  'api.dead-letters': DeadLetterPage,
  'api.replay-answer': ReplayAnswer,
  'api.token': TokenBody,
  'api.token-answer': TokenAnswer,
  'api.tokens': TokenList,
  'backup.manifest': BackupManifest,
  'backup.record': BackupRecord,
  'file.gates': Gates,
  'file.client-config': ToolChoice,
  'file.settings': Settings,
} as const satisfies Record<string, z.ZodType>

/** What may be sent, that is, before defaults are filled in. */
export function contractSchemas(): ReadonlyMap<string, unknown> {
  const options = { io: 'input', unrepresentable: 'any' } as const
  return new Map(Object.entries(CONTRACTS).map(([name, schema]) => [name, z.toJSONSchema(schema, options)]))
}
