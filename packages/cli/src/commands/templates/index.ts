import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { withExamples } from '../options.ts'
import { registerLint } from './lint.ts'
import { registerRender } from './render.ts'

export function registerTemplates(program: Command, context: CliContext): void {
  const templates = program
    .command('templates')
    .description('look at the texts that agents are given, and find what is wrong with your own')
  withExamples(templates, context, ['templates render --sample retry', 'templates lint --directory my-templates'])
  for (const register of [registerRender, registerLint]) register(templates, context)
}
