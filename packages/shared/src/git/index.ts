export { createGit, type GitOptions } from './git.ts'
export { classifyGitFailure, type GitFailure, type GitFailureFacts } from './git-errors.ts'
export type { Git, GitOutput, GitRun } from './ports.ts'
