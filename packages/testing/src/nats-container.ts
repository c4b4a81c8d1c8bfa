/**
 * A nats-server in a container, for machines that have a container engine and no server. On the network of the machine and
 * with the test's own folder, so that ports, store and configuration are those of a process.
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { StartedTestContainer } from 'testcontainers'

const SCHEME = 'docker://'

/** Stands where a path of a program could: `docker://nats:2.15.1`. */
export function inContainer(image: string): string {
  return SCHEME + image
}

/** @returns undefined for the path of a program */
export function imageOf(binary: string): string | undefined {
  return binary.startsWith(SCHEME) ? binary.slice(SCHEME.length) : undefined
}

export interface NatsContainer {
  /** As this machine counts. */
  readonly pid: number
  readonly running: boolean
  end(signal: NodeJS.Signals): Promise<void>
}

export interface NatsContainerOptions {
  readonly image: string
  readonly directory: string
  readonly configFile: string
  readonly environment: Readonly<Record<string, string>>
}

const STOP_LIMIT_MS = 10_000

export async function startNatsContainer(options: NatsContainerOptions): Promise<NatsContainer> {
  const { image, directory, configFile, environment } = options
  // Of the server before it, which had the same pid.
  await rm(path.join(directory, 'nats-server_1.ports'), { force: true })
  // Only where it is needed: it takes half a second to load.
  const { GenericContainer } = await import('testcontainers')
  const user = process.getuid === undefined ? '0' : `${process.getuid()}:${process.getgid?.() ?? 0}`
  const container = await new GenericContainer(image)
    .withNetworkMode('host')
    .withUser(user)
    .withBindMounts([{ source: directory, target: directory, mode: 'rw' }])
    .withEnvironment({ ...environment })
    .withCommand(['--config', configFile])
    .start()
  let running = true
  return {
    pid: await pidOf(container),
    get running() {
      return running
    },
    end: async (signal) => {
      if (!running) return
      running = false
      await container.stop({ timeout: signal === 'SIGKILL' ? 0 : STOP_LIMIT_MS, remove: true })
    },
  }
}

async function pidOf(container: StartedTestContainer): Promise<number> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const client = await getContainerRuntimeClient()
  const { State } = await client.container.inspect(client.container.getById(container.getId()))
  return State.Pid
}

/** Whether a container engine answers. */
export async function hasContainerEngine(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return await getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
}
