/** Before any test runs: looks up, and fetches if need be, the servers that the broker tests run on. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { hasContainerEngine, inContainer } from './nats-container.ts'
import { natsServerVersion } from './nats-server.ts'

/** A server that tests ask for. */
export interface FoundServer {
  /** The exact version where there is one, for example `2.15.1`; else the line that is missing. */
  readonly version: string
  /** A path, or a server in a container (`imageOf`). Undefined: this machine has none and cannot get one. */
  readonly binary: string | undefined
}

declare module 'vitest' {
  interface ProvidedContext {
    natsServers: readonly FoundServer[]
  }
}

/** The oldest line that is supported, and the one that is used. */
const LINES = ['2.10', '2.15']
/** Asks for servers in containers, of this image: its tags are the lines. */
const IMAGES = 'ORCHESTRATOR_TEST_NATS_IMAGE'
const OFFICIAL_IMAGES = 'nats'
const SCRIPT = path.join(import.meta.dirname, '../../../scripts/nats-server')
const run = promisify(execFile)

export default async function findServers({ provide }: TestProject): Promise<void> {
  // One after the other: apt would wait for itself.
  const found: FoundServer[] = []
  for (const line of LINES) found.push(await find(line))
  provide('natsServers', found)
}

async function find(line: string): Promise<FoundServer> {
  const contained = process.env[IMAGES] ?? ''
  if (contained !== '') return fromImage(line, contained)
  try {
    const binary = (await run(SCRIPT, [line])).stdout.trim()
    return { version: natsServerVersion(binary), binary }
  } catch (error) {
    if (await hasContainerEngine()) return fromImage(line, OFFICIAL_IMAGES)
    process.stderr.write(`skipped: every test on nats-server ${line}, which cannot be had here (${reasonOf(error)})\n`)
    return { version: line, binary: undefined }
  }
}

/** The newest server of a line, as its makers publish it. */
function fromImage(line: string, images: string): FoundServer {
  return { version: `${line} in a container`, binary: inContainer(`${images}:${line}`) }
}

/** The first thing that the script says beyond what it tries. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
  return said.split('\n').find((line) => !line.includes('looking it up')) ?? said
}
