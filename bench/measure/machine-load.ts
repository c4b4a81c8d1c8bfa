/** What else the machine did meanwhile: without it a figure of a shared machine means little. */
import { cpus } from 'node:os'
import { processMeter } from './processes.ts'
import { rounded } from './statistics.ts'

export interface LoadMeter {
  /** Cores in use by other processes than this one and the given ones, on average since the meter was made. */
  othersCores(): number
}

/** @param pids of processes that live as long as the meter */
export function startLoadMeter(pids: readonly number[]): LoadMeter {
  const own = [process.pid, ...pids].map(processMeter)
  const othersSeconds = (): number => busySeconds() - own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds(), 0)
  const startedMs = performance.now()
  const before = othersSeconds()
  return {
    othersCores: () => rounded(Math.max(0, ((othersSeconds() - before) * 1000) / (performance.now() - startedMs))),
  }
}

function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000
}
