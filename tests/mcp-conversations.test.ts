import { join } from 'node:path'
import { type GitRemote, scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { CLAUDE, sayWhenSkipped } from './support/agent-site.ts'
import { normalise } from './support/golden.ts'
import { type Installation, startInstallation } from './support/installation.ts'
import {
  type Answer,
  connectClient,
  type Door,
  type Lead,
  type Order,
  readAnnounced,
  type Site,
  startClaudeLead,
} from './support/mcp-lead.ts'
import { createPlatform, createTarget, fileGate } from './support/repositories.ts'

sayWhenSkipped('Claude Code', CLAUDE, 'scripts/claude')

const AGENT = 'claude-agent-1'
const GUIDANCE =
  "Previous attempt failed because agent chose 'curl' crate. Use 'reqwest' crate instead for HTTP requests. Query rustdocs for reqwest examples before implementing."

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly site: Site
  /** How people call the command line, as the tools tell them. */
  readonly command: string
  /** What a lead says of the documents who does not stand in a checkout of them. */
  readonly documents: { readonly platform_repository_url?: string }
  readonly platform: GitRemote
  readonly trader: GitRemote
  readonly auth: GitRemote
}

/** What a task may lack; then its log and status say so, in words that are not the subject here. */
function wholeDocuments(id: string): Readonly<Record<string, string>> {
  const folder = `.taskmaster/docs/task-${id}`
  return {
    [`${folder}/architecture.md`]: '# Architecture\n',
    [`${folder}/client-config.json`]: '{"remoteTools": [], "localServers": {}}\n',
  }
}

/** Two services, an agent that chooses the wrong client at first, and one that never comes to an end. */
async function createWorld(door: Door): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(
    await createPlatform([{ id: '1', gates: [fileGate('client.txt', 'reqwest')] }, { id: '2' }]),
  )
  await platform.commit({ files: { ...wholeDocuments('1'), ...wholeDocuments('2') } })
  const trader = stack.use(await createTarget())
  const auth = stack.use(await createTarget())
  const write = (text: string) => [{ do: 'write', path: 'client.txt', text }] as const
  const hanging = [
    { do: 'write', path: 'half.txt', text: 'half done\n' },
    { do: 'say', text: 'Implementing the authentication middleware.' },
    { do: 'hang' },
  ] as const
  const installation = stack.use(
    await startInstallation({
      services: { auth: { gates: [] } },
      agents: {
        [AGENT]: {
          adapter: 'command',
          command: scriptedAgentCommand({ attempts: [[...write('curl\n')], [...write('reqwest\n')]] }),
        },
        'claude-agent-2': { adapter: 'command', command: scriptedAgentCommand([...hanging]) },
      },
    }),
  )
  const announced = readAnnounced(installation.output(), door)
  const { server } = announced
  const parts = { installation, platform, trader, auth }
  if ('command' in server) {
    // The lead stands in a checkout of the platform repository, and never names it.
    const site = { announced, cwd: await platform.clone() }
    const command = `ORCHESTRATOR_STATE_DIR=${installation.stateDirectory} ${server.command}`
    const owned = stack.move()
    return { ...parts, site, command, documents: {}, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  }
  const { path: cwd } = stack.use(await temporaryDirectory())
  const documents = { platform_repository_url: platform.url }
  const command = `ORCHESTRATOR_URL=${installation.url} orchestrator`
  const owned = stack.move()
  return { ...parts, site: { announced, cwd }, command, documents, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The mission's six conversations. Every answer is compared with its golden text. */
async function talk(lead: Lead, world: World): Promise<void> {
  const { installation, command, documents, platform, trader, auth } = world
  const isFound = documents.platform_repository_url === undefined
  const names = {
    orchestrator: command,
    state: installation.stateDirectory,
    platform: platform.url,
    trader: trader.url,
    auth: auth.url,
  }
  const ask = async (golden: string, order: Order): Promise<Answer> => {
    const answer = await lead.ask(order)
    const file = join(import.meta.dirname, 'golden/mcp', `${golden}.txt`)
    const text = normalise(answer.text, names)
    // What was named needs no word on where it was found.
    const [found] = / \(from this checkout\)/.exec(text) ?? ['']
    expect([golden, found !== '']).toEqual([golden, isFound && order.tool === 'submit_implementation_task'])
    await expect(text.replace(found, '')).toMatchFileSnapshot(file)
    return answer
  }
  const wait = (says: string, service: string): Order => {
    return { says, tool: 'wait_for_task', given: { service, timeout_seconds: 120 } }
  }

  const first = await ask('1-submit', {
    says: `I just finished generating docs for the trader service. The docs are merged into main. I want to start implementing task 1 using the claude-agent-1 GitHub account. The target repo is ${trader.url} and I want to use the sonnet model.`,
    tool: 'submit_implementation_task',
    given: { task_id: 1, service: 'trader', agent: AGENT, repository_url: trader.url, model: 'sonnet', ...documents },
  })
  expect(first.facts).toMatchObject({
    attempt: 'trader-claude-agent-1-task1-attempt1',
    platform: { url: platform.url },
    platformDetected: isFound,
    workspaceIsNew: true,
  })
  const failed = await ask('2-failed', wait('How did it end?', 'trader'))
  expect(failed.facts).toMatchObject({ ended: true, attempt: { phase: 'Failed', reason: 'GateFailed' } })

  const second = await ask('2-retry', {
    says: "Task 1 failed. I looked at the logs and the agent chose the wrong HTTP client library. It used 'curl' crate but should use 'reqwest'. Can you retry this with better guidance?",
    tool: 'retry_task',
    given: { service: 'trader', task_id: '1', guidance: GUIDANCE },
  })
  expect(second.facts).toMatchObject({ n: 2, guidance: GUIDANCE, branchIsNew: false })
  const succeeded = await ask('3-succeeded', wait('Is it done now?', 'trader'))
  expect(succeeded.facts).toMatchObject({ ended: true, attempt: { phase: 'Succeeded', verified: true } })

  const third = await ask('3-next-task', {
    says: "Great! Task 1 completed successfully. Let's move on to task 2, but I want to use a custom working directory 'trading-engine' instead of the default 'trader'.",
    tool: 'submit_implementation_task',
    given: { task_id: '2', service: 'trader', working_directory: 'trading-engine', ...documents },
  })
  expect(third.facts).toMatchObject({ workingDirectory: 'trading-engine', workingDirectoryKind: 'custom', n: 1 })

  const fourth = await ask('4-other-service', {
    says: `Now I want to start working on the auth service. This is a completely separate service with its own repo at ${auth.url}. Start with task 1.`,
    tool: 'submit_implementation_task',
    given: { task_id: '1', service: 'auth', repository_url: auth.url, agent: 'claude-agent-2', ...documents },
  })
  expect(fourth.facts).toMatchObject({ workspace: 'workspace-auth', workspaceIsNew: true })

  const attempt = 'auth-claude-agent-2-task1-attempt1'
  await installation.api.until(
    attempt,
    ({ lastText, lastActions }) => lastText !== null && lastActions.includes('Write: half.txt'),
  )
  await ask('5-status', {
    says: "How's that auth task coming along?",
    tool: 'get_task_status',
    given: { service: 'auth' },
  })
  await ask('5-logs', {
    says: 'What did it say?',
    tool: 'get_task_logs',
    given: { service: 'auth', from_line: 1, limit: 2 },
  })

  const stop = "Wait, I need to stop that auth task. I just realized we're changing the architecture."
  const unconfirmed = await ask('6-asked', { says: stop, tool: 'stop_task', given: { service: 'auth' } })
  expect(unconfirmed.facts).toBeUndefined()
  await expect(installation.api.attempt(attempt)).resolves.toMatchObject({ phase: 'Running', stopRequested: false })
  const given = { attempt, confirm: true, note: 'we are changing the architecture' }
  await ask('6-stop', { says: 'Yes, stop it.', tool: 'stop_task', given })
  await ask('6-stopped', wait('Is it over?', 'auth'))
  await expect(auth.read('feature/task-1-implementation', 'auth/half.txt')).resolves.toBe('half done\n')
  await installation.api.finished('trader-claude-agent-1-task2-attempt1')
  await ask('7-list', { says: 'What do we have?', tool: 'list_tasks', given: {} })
}

describe.each(['stdio', 'http'] as const)('the six conversations over %s', { timeout: 180_000 }, (door) => {
  it('take place through a client of the protocol', async () => {
    await using world = await createWorld(door)
    await using lead = await connectClient(world.site)
    await talk(lead, world)
  })

  it.skipIf(CLAUDE === undefined)('take place through Claude Code, which shows its model the same texts', async () => {
    await using world = await createWorld(door)
    await using lead = await startClaudeLead(world.site)
    await talk(lead, world)
  })
})
