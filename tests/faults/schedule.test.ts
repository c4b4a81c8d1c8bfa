import { describe, expect, it } from 'vitest'
import { DISTURBANCES, isService, type Kill, scheduleOf, type Target, VICTIMS } from './schedule.ts'

const rounds = Array.from({ length: 40 }, (_, index) => index + 1)
const schedule = (round: number, only?: Target): ReturnType<typeof scheduleOf> => scheduleOf({ seed: 's', round, only })

describe('scheduleOf', () => {
  it('gives the same for the same seed and round, and something else for another', () => {
    expect(schedule(1)).toEqual(schedule(1))
    expect(schedule(2)).not.toEqual(schedule(1))
    expect(scheduleOf({ seed: 't', round: 1, only: undefined })).not.toEqual(schedule(1))
  })

  it('gives every submission a key of its own, in order of time', () => {
    for (const round of rounds) {
      const { submissions } = schedule(round)
      expect(new Set(submissions.map(({ key }) => key)).size).toBe(submissions.length)
      expect(submissions.map(({ atMs }) => atMs)).toEqual(submissions.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
    }
  })

  it.each(VICTIMS.map((victim) => victim))('kills nothing but the %s when told so', (only) => {
    for (const round of rounds) {
      const { mode, faults } = schedule(round, only)
      expect(faults.every((fault) => fault.kind === 'kill' && fault.victim === only)).toBe(true)
      expect(faults.length).toBeGreaterThan(0)
      if (isService(only)) expect(mode).toBe('services')
      if (only === 'up') expect(mode).toBe('up')
    }
  })

  it.each(DISTURBANCES)('kills nobody when told to make %s', (only) => {
    for (const round of rounds) {
      expect(schedule(round, only).faults.every(({ kind }) => kind === 'disturbance')).toBe(true)
    }
  })

  it('comes to every victim and both ways to run, and names only replicas that there are', () => {
    const schedules = rounds.map((round) => schedule(round))
    const kills = schedules.flatMap(({ faults }) => faults.filter((fault): fault is Kill => fault.kind === 'kill'))
    expect(new Set(schedules.map(({ mode }) => mode))).toEqual(new Set(['services', 'up']))
    expect(new Set(kills.map(({ victim }) => victim)).size).toBe(VICTIMS.length)
    for (const { mode, faults, replicas } of schedules) {
      for (const fault of faults) {
        const service = fault.kind === 'disturbance' ? fault.service : fault.victim
        if (isService(service)) expect(fault.replica).toBeLessThan(replicas[service])
        if (fault.kind === 'kill' && mode === 'up') expect(isService(fault.victim)).toBe(false)
        if (fault.kind === 'kill' && mode === 'services') expect(fault.victim).not.toBe('up')
      }
    }
  })
})
