import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type LocalServer, PROJECT_ROOT } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import type { ToolCall } from './stdio-server.ts'

export interface LocalServerProcess {
  /** Those of the chosen tools that it has. */
  readonly tools: readonly string[]
  call(call: ToolCall): Promise<string | undefined>
  end(): void
}

const Answer = z.object({ result: z.record(z.string(), z.unknown()) })
const Tools = z.object({ tools: z.array(z.object({ name: z.string() })) })
const Content = z.object({ content: z.array(z.object({ text: z.string() })) })

/** A tool server of its own, started in its working directory and asked one thing after the other. */
export async function startLocalServer(server: LocalServer, folder: string): Promise<LocalServerProcess> {
  const { command, args, env, tools, workingDirectory } = server
  const child = spawn(command, args, {
    cwd: workingDirectory === PROJECT_ROOT ? folder : resolve(folder, workingDirectory),
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (method: string, params: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
    const { value } = await lines.next()
    return Answer.parse(JSON.parse(String(value))).result
  }
  await ask('initialize', {})
  const offered = Tools.parse(await ask('tools/list', {})).tools.map(({ name }) => name)
  return {
    tools: offered.filter((name) => tools.includes(name)),
    call: async (call) => Content.parse(await ask('tools/call', call)).content[0]?.text,
    end: () => void child.kill(),
  }
}
