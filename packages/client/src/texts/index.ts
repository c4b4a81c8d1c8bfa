/** What people read, whichever door they came by. All pure. */
export {
  type AttemptText,
  describeAttempt,
  describeEnd,
  describeUsage,
  elapsed,
  nextWay,
  paintPhase,
  plural,
} from './describe-attempt.ts'
export { describeFailure, describeFault, type Fault, type NameField } from './describe-failure.ts'
export { describeStop, type StopText } from './describe-stop.ts'
export { describeSubmit, type SubmitText } from './describe-submit.ts'
export { describeTasks, type TasksText } from './describe-tasks.ts'
export { formatDuration, parseAgo, parseDuration, parseSpan } from './duration.ts'
export { liveBlock, type LiveText, newsMark, plainLine } from './live-status.ts'
export { formatLogLine, type LogLine, type LogState, nextLogState, NO_LOG_STATE, parseLogLine } from './log-line.ts'
export { type Colour, type Paint, PLAIN } from './paint.ts'
export { type Field, formatFields, formatTable } from './table.ts'
export { commandWays, type Ways } from './ways.ts'
export { cutToWidth, displayWidth } from './width.ts'
