import { join } from 'node:path'

/** Absolute path of the program that a launcher starts: `node <RUNNER_MAIN> <launch folder> <spawn id>`. */
export const RUNNER_MAIN = join(import.meta.dirname, 'main.ts')
