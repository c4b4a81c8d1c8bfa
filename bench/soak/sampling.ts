/** What everything holds at one moment. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { processMeter } from '../measure/processes.ts'

export interface Measured {
  readonly name: string
  readonly pid: number
  /** Socket of its meter. */
  readonly meter: string
}

export interface Sources {
  readonly services: readonly Measured[]
  readonly stateDirectory: string
}

/** By name of the quantity: `watcher heap`. */
export type Sample = Readonly<Record<string, number>>

const MIB = 2 ** 20
const Inside = z.object({ heapUsed: z.number(), external: z.number(), resources: z.number() })
/** Kept on purpose: logs and what attempts did expire or stay for people, see docs/operations.md. */
const KEPT = /^(archive|workspaces)\//

export async function takeSample({ services, stateDirectory }: Sources): Promise<Sample> {
  const parts = await Promise.all(services.map(measure))
  const paths = await filesBelow(stateDirectory)
  const kept = paths.filter((path) => KEPT.test(path)).length
  return Object.assign({}, ...parts, { 'files of work': paths.length - kept, 'files kept': kept })
}

async function measure({ name, pid, meter }: Measured): Promise<Sample> {
  const inside = await lookInside(name, meter)
  const resident = processMeter(pid).residentBytes() / MIB
  return { ...inside, [`${name} resident`]: resident, [`${name} descriptors`]: readdirSync(`/proc/${pid}/fd`).length }
}

async function lookInside(name: string, meter: string): Promise<Sample> {
  const socket = connect(meter)
  await once(socket, 'connect')
  const { heapUsed, external, resources } = Inside.parse(JSON.parse(await text(socket)))
  return { [`${name} heap`]: heapUsed / MIB, [`${name} buffers`]: external / MIB, [`${name} resources`]: resources }
}

/** Relative to the directory. Those that go meanwhile do not count. */
async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(directory.length + 1))
}
