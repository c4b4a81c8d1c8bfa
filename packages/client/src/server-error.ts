import type { Problem } from '@orchestrator/shared/contracts'

/** The server understood and refused: its problem document as it was sent. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}
