import { createLogger } from '@orchestrator/shared/service'
import { systemClock } from '@orchestrator/shared/core'
import { Settings } from '@orchestrator/shared/contracts'
import { startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import { it } from 'vitest'
import { createSubmitterApp } from './app.ts'
import { SubmitterEnvironment } from './config.ts'
it('smoke', async () => {
  await using broker = await startTestBroker()
  await using dir = await temporaryDirectory()
  const config = SubmitterEnvironment.parse({ NATS_URL: broker.url, PORT: '0', VIEW_FILE: dir.path + '/view.sqlite' })
  const settings = Settings.parse({ agents: { 'claude-agent-1': { adapter: 'command', command: ['true'] } } })
  await using app = await createSubmitterApp({ config, settings, logger: createLogger({ name: 's', level: 'debug' }), clock: systemClock })
  const show = async (path: string, init?: RequestInit) => { const t = performance.now(); const r = await fetch(app.url + path, init); console.log(path, r.status, [...r.headers.keys()].join(), await r.text(), performance.now() - t) }
  await show('/readyz')
  await new Promise((r) => setTimeout(r, 300))
  await show('/readyz')
  const post = (b: unknown) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(b) })
  await show('/v1/tasks', post({ service: 'trader', taskId: 1, agent: 'claude-agent-1', repositoryUrl: 'git@github.com:myorg/trader.git', platformRepositoryUrl: 'https://github.com/o/p' }))
  await show('/v1/tasks', post({ service: 'trader', taskId: 1, guidance: 'more' }))
  await show('/v1/tasks', post({ service: 'Trader!', task_id: 1.5, bogus: { a: 1 }, guidance: '', limits: { usd: -1 } }))
  await show('/v1/tasks', post({ service: 'auth', taskId: '1' }))
  await show('/v1/attempts')
  await show('/v1/tasks?limit=1')
  await show('/v1/attempts/trader-claude-agent-1-task1-attempt1?after=2')
  await show('/v1/attempts/nope')
  await show('/v1/attempts/trader-claude-agent-1-task1-attempt1/stop', post({}))
  await show('/v1/attempts/trader-claude-agent-1-task1-attempt1/stop', { method: 'POST' })
  await show('/v1/attempts/trader-claude-agent-1-task1-attempt1/logs')
  await show('/v1/info')
  await show('/v1/inf%zzo')
  await show('/v1/tasks/trader/1/retry?tag=x', post({ guidance: 'go', previous: 1 }))
})
