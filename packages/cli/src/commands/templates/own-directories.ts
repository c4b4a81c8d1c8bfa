import { resolve } from 'node:path'
import type { CliContext } from '../../context.ts'

/** Directories with a person's own templates, absolute, the first before the others. */
export function ownDirectories(
  { cwd, environment }: CliContext,
  given: readonly string[] | undefined,
): readonly string[] {
  const named = given ?? (environment.TEMPLATES_DIR === undefined ? [] : [environment.TEMPLATES_DIR])
  return named.map((path) => resolve(cwd, path))
}
