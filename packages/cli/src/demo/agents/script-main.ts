import { spawnSync } from 'node:child_process'
/**
 * The agent of the demonstration: a script, not a model. It reads its prompt like any agent and does what a careless
 * first draft would do; told in the guidance to round half up, it does. Lines that start with `{"orchestrator":` tell the
 * runner what it is doing, as any program may.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const prompt = readFileSync(0, 'utf8')

function say(text: string): void {
  console.log(JSON.stringify({ orchestrator: 'text', text }))
}

function write(path: string, content: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  console.log(JSON.stringify({ orchestrator: 'tool', tool: 'Write', summary: path, ok: true }))
}

function runTests(): void {
  const command = ['node', '--test']
  const { status } = spawnSync(process.execPath, command.slice(1), { encoding: 'utf8' })
  console.log(JSON.stringify({ orchestrator: 'test', command: command.join(' '), exitCode: status }))
}

function implementPrice(): void {
  const rounded = prompt.includes('Math.round') ? 'Math.round(cents)' : 'Math.floor(cents)'
  say(`Implementing the price with ${rounded}.`)
  write(
    'src/price.mjs',
    `/** The price in whole cents. */\nexport function price(amount, rate) {\n  const cents = amount * rate * 100\n  return ${rounded}\n}\n`,
  )
}

function implementEngine(): void {
  say('Implementing the order book in its own directory.')
  write('src/book.mjs', 'export function best(bids) {\n  return bids.length === 0 ? undefined : Math.max(...bids)\n}\n')
  write(
    'test/book.test.mjs',
    "import { test } from 'node:test'\nimport assert from 'node:assert'\nimport { best } from '../src/book.mjs'\n\ntest('the best bid is the highest', () => assert.equal(best([1, 3, 2]), 3))\n",
  )
}

if (prompt.includes('trading-engine')) implementEngine()
else implementPrice()
// Careless on purpose: without guidance it claims success without looking at a test.
if (/round/i.test(prompt) || prompt.includes('trading-engine')) runTests()
console.log(JSON.stringify({ orchestrator: 'usage', costUsd: 0, turns: 1 }))
say('Done.')
