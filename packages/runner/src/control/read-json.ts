import { readFile } from 'node:fs/promises'
import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'

/** `undefined` while the file is absent, not whole yet, or of another form. */
export async function readJsonIfThere<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** @throws TerminalError CONFIG_INVALID naming the file and every fault */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const faults = cause instanceof z.ZodError ? `: ${z.prettifyError(cause)}` : ''
    throw new TerminalError('CONFIG_INVALID', `cannot read ${path}${faults}`, { cause })
  }
}
