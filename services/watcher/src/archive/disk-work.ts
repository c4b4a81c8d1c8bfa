/**
 * What is done with the archive's files: one call after the other, for a thread of its own. Asynchronous calls of the file
 * system take 0.1 ms of processor time each, and a small log needs fifteen.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createSyncedFolders, syncFolder } from './synced-folders.ts'

/** Puts a file there, whole or not at all: once it is done, it outlasts a power cut. */
export interface KeepOrder {
  readonly kind: 'keep'
  /** Where it is written first; gone afterwards if it was written here. */
  readonly aside: string
  readonly file: string
  /** To be compressed; left out: it is written aside already. */
  readonly text?: string
  /** False: what is there by then stays. */
  readonly mayReplace: boolean
}

/** What is there is to outlast a power cut too. */
export interface SyncOrder {
  readonly kind: 'sync'
  readonly file: string
}

export type DiskOrder = KeepOrder | SyncOrder

export type DiskAnswer =
  | { readonly kind: 'done' | 'exists' }
  /** An error of the file system, in a form that passes from thread to thread. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string; readonly errno: number }

/** Carries out what was ordered together, and answers in the same order. */
export type DiskWork = (orders: readonly DiskOrder[]) => readonly DiskAnswer[]

interface Job {
  readonly order: DiskOrder
  opened?: number
  answer?: DiskAnswer
}

/**
 * All is written before anything is synced: the first sync brings the disk's journal forward for all of them, so that the
 * others find little to do.
 */
export function createDiskWork(directory: string): DiskWork {
  const folders = createSyncedFolders({ directory, syncOne: syncFolder })
  return (orders) => {
    const jobs: readonly Job[] = orders.map((order) => ({ order }))
    forEach(jobs, openFile)
    forEach(jobs, ({ opened = -1 }) => fsyncSync(opened))
    for (const { opened } of jobs) if (opened !== undefined) closeSync(opened)
    forEach(jobs, moveIntoPlace)
    for (const [folder, ofFolder] of Map.groupBy(jobs, ({ order }) => dirname(order.file))) {
      const synced = once(() => folders.sync(folder))
      forEach(ofFolder, synced)
    }
    for (const job of jobs) clearAside(job)
    return jobs.map(({ answer }) => answer ?? { kind: 'done' })
  }
}

/** What has an answer already is left alone; an error of one is none of the others. */
function forEach(jobs: readonly Job[], work: (job: Job) => void): void {
  for (const job of jobs) {
    if (job.answer !== undefined) continue
    try {
      work(job)
    } catch (error) {
      job.answer = toFailure(error)
    }
  }
}

/** The same outcome each time, also when that is an error. */
function once(work: () => void): () => void {
  let outcome: { readonly error?: unknown } | undefined
  return () => {
    outcome ??= tried(work)
    if ('error' in outcome) throw outcome.error
  }
}

function tried(work: () => void): { readonly error?: unknown } {
  try {
    work()
    return {}
  } catch (error) {
    return { error }
  }
}

function openFile(job: Job): void {
  const { order } = job
  if (order.kind === 'sync') job.opened = openSync(order.file, constants.O_RDONLY | constants.O_NOFOLLOW)
  else if (order.text === undefined) job.opened = openSync(order.aside, constants.O_RDONLY)
  else {
    job.opened = inFolder(order.aside, (aside) => openSync(aside, 'wx', 0o600))
    writeFileSync(job.opened, gzipSync(order.text))
  }
}

function moveIntoPlace(job: Job): void {
  const { order } = job
  if (order.kind === 'sync') return
  if (!order.mayReplace && lstatSync(order.file, { throwIfNoEntry: false }) !== undefined)
    job.answer = { kind: 'exists' }
  else inFolder(order.file, (file) => renameSync(order.aside, file))
}

/** Most often the folder is there: it is made only when it is not. */
function inFolder<T>(file: string, work: (file: string) => T): T {
  try {
    return work(file)
  } catch (error) {
    if (toFailure(error).code !== 'ENOENT') throw error
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return work(file)
  }
}

function clearAside({ order, answer }: Job): void {
  if (answer === undefined || order.kind !== 'keep' || order.text === undefined) return
  tried(() => rmSync(order.aside, { force: true }))
}

type Failure = Extract<DiskAnswer, { kind: 'failed' }>

/** @throws what is no error of the file system */
function toFailure(error: unknown): Failure {
  if (!(error instanceof Error) || !('code' in error) || !('errno' in error)) throw error
  return { kind: 'failed', message: error.message, code: String(error.code), errno: Number(error.errno) }
}
