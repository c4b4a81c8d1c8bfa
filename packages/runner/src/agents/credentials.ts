import { readFile } from 'node:fs/promises'
import { TerminalError } from '@orchestrator/shared/core'

/**
 * Variables from the files that hold them, read anew each time.
 * @throws TerminalError CONFIG_INVALID naming the variable and the file, never what is in it
 */
export async function readCredentials(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const entries = Object.entries(files).map(async ([name, path]) => {
    const value = await readFile(path, 'utf8').catch(() => undefined)
    if (value === undefined || value.trim() === '')
      throw new TerminalError(
        'CONFIG_INVALID',
        `the file ${path} with the agent's ${name} ${value === undefined ? 'cannot be read' : 'is empty'}: correct it, or "credentials" in the settings`,
      )
    return [name, value.trim()] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
