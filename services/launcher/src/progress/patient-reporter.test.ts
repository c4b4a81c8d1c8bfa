import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { entryOf, specOf } from '../testing/builders.ts'
import { createPatientReporter } from './patient-reporter.ts'
import type { ProgressReporter, Report } from './progress-reporter.ts'

const entry = entryOf(specOf(), 1)
const starting: Report = { entry, data: { phase: 'Starting' } }
const queued: Report = { entry, data: { phase: 'Queued', ahead: 1 } }

function createHeard(): ProgressReporter & { readonly heard: Report[]; readonly forgotten: string[] } {
  const heard: Report[] = []
  const forgotten: string[] = []
  return {
    heard,
    forgotten,
    report: async (reports) => void heard.push(...reports),
    forget: (submittedId) => void forgotten.push(submittedId),
    sayAgain: () => undefined,
  }
}

describe('the patient reporter', () => {
  it('says what lasts, and of each attempt only the last', async () => {
    const clock = createTestClock()
    const reporter = createHeard()
    await using patient = createPatientReporter(reporter, clock)
    await patient.report([queued])
    await patient.report([starting])
    expect(reporter.heard).toEqual([])
    await clock.advance(50)
    expect(reporter.heard).toEqual([starting])
    await patient.report([queued])
    await clock.advance(50)
    expect(reporter.heard).toEqual([starting, queued])
  })

  it('never says what is over within a moment', async () => {
    const clock = createTestClock()
    const reporter = createHeard()
    await using patient = createPatientReporter(reporter, clock)
    await patient.report([starting])
    patient.forget(entry.submittedId)
    await clock.advance(1000)
    expect(reporter.heard).toEqual([])
    expect(reporter.forgotten).toEqual([entry.submittedId])
  })

  it('says what it holds when it stops', async () => {
    const reporter = createHeard()
    const patient = createPatientReporter(reporter, createTestClock())
    await patient.report([starting])
    await patient[Symbol.asyncDispose]()
    expect(reporter.heard).toEqual([starting])
  })
})
