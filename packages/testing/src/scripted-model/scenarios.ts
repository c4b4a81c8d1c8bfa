/** The stories that a scripted model can play: one small file each in `scenarios/`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ModelScript } from './scenario.ts'

const FOLDER = join(import.meta.dirname, 'scenarios')

export function scenarioNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted()
}

/** @throws Error naming those that there are, or what is wrong with the file */
export function modelScenario(name: string): ModelScript {
  if (!scenarioNames().includes(name))
    throw new Error(`there is no scenario ${JSON.stringify(name)}; there are ${scenarioNames().join(', ')}`)
  const parsed = ModelScript.safeParse(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')))
  if (!parsed.success) throw new Error(`the scenario ${name} is none`, { cause: parsed.error })
  return parsed.data
}
