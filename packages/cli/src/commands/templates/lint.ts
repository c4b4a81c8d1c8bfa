import { relative } from 'node:path'
import { printable } from '@orchestrator/shared/core'
import type { Finding } from '@orchestrator/shared/templates'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { toJsonLine } from '../../output/machine.ts'
import { collect, outputOption, withExamples } from '../options.ts'
import { ownDirectories } from './own-directories.ts'

interface LintFlags {
  readonly directory?: readonly string[]
  readonly output: 'text' | 'json'
}

export function registerLint(templates: Command, context: CliContext): void {
  const command = templates
    .command('lint')
    .description('check templates: values, escaping, JSON, shell, names; exits with 1 when one would not work')
    .option('-d, --directory <path>', 'your own templates (holds implementation/; else TEMPLATES_DIR); may be repeated', collect)
    .addOption(outputOption())
    .action(async (flags: LintFlags) => {
      await lint(context, flags)
    })
  withExamples(command, context, ['templates lint', 'templates lint --directory /etc/orchestrator/templates'])
}

async function lint(context: CliContext, { directory, output }: LintFlags): Promise<void> {
  const { BUILT_IN_TEMPLATES, lintTemplates } = await import('@orchestrator/shared/templates')
  const directories = [...ownDirectories(context, directory), BUILT_IN_TEMPLATES]
  const findings = (await Promise.all(directories.map((path) => lintTemplates(path)))).flat()
  if (output === 'json') context.screen.print(toJsonLine(findings))
  else show(context, findings)
  if (findings.some(({ severity }) => severity === 'error')) context.exitWith(EXIT.failed)
}

function show({ screen, cwd }: CliContext, findings: readonly Finding[]): void {
  for (const { severity, path, line, problem, remedy } of findings) {
    const kind = screen.paint(severity === 'error' ? 'red' : 'yellow', severity)
    screen.print(`${printable(shortest(path, cwd))}:${line}: ${kind}: ${printable(problem)}\n    ${printable(remedy)}`)
  }
  screen.print(findings.length === 0 ? 'No template is at fault.' : `${findings.length} found.`)
}

function shortest(path: string, cwd: string): string {
  const below = relative(cwd, path)
  return below.startsWith('..') ? path : below
}
