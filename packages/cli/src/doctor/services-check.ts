/** How the services are that the server knows of. */
import { type Client, type InstallationHealth, ServerError, type ServiceHealth } from '@orchestrator/client'
import { hasCode, printableLine } from '@orchestrator/shared/core'
import { type Check, fail, type Finding, ok, warn } from './check.ts'

/** More than a view is usually behind by. */
const LAG_MAX = 1000

export function servicesCheck(connect: () => Promise<Client>): Check {
  return {
    name: 'Services',
    run: async () => {
      try {
        return judge(await (await connect()).getHealth())
      } catch (error) {
        if (hasCode(error, 'SERVER_UNREACHABLE')) return warn('no server answers', 'see Server')
        if (error instanceof ServerError && error.problem.status === 403)
          return warn(error.message, 'use a token with the scope operate to see them')
        throw error
      }
    },
  }
}

/** What is wrong is named by service, check and time; else all are named with how far the views are. Pure. */
function judge({ services, missing }: InstallationHealth): Finding {
  const wrong = [...missing.map((service) => `${service}: nobody answers`), ...services.flatMap(wrongOf)]
  if (wrong.length > 0)
    return fail(wrong.map(printableLine).join('; '), 'start what is missing; the log of a service says why')
  const behind = services.filter(({ view }) => (view?.lag ?? 0) > LAG_MAX)
  const text = services.map(describe).map(printableLine).join(', ')
  return behind.length === 0 ? ok(text) : warn(text, 'wait; if it grows, the machine of that submitter is too slow')
}

function wrongOf({ service, replica, ready, checks }: ServiceHealth): readonly string[] {
  if (ready) return []
  const failed = checks.filter(({ state }) => state !== 'ok')
  return failed.map(({ name, state, since }) => `${service} (${replica}): ${name}: ${state} since ${since}`)
}

function describe({ service, view, startedAt }: ServiceHealth): string {
  const lag = view === null || view.lag === null ? '' : `, its view ${view.lag} behind`
  return `${service} (since ${startedAt}${lag})`
}
