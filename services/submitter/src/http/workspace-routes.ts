import {
  type ReleaseAnswer,
  ReleaseBody,
  ServiceName,
  type WorkspaceList,
  WorkspaceState,
  type WorkspaceView,
} from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { InvalidInput } from '../submit/faults.ts'
import type { ReleaseRequest } from '../workspaces/release.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { After, findAttempt, untilReadable } from './reading.ts'
import { callerOf } from './requests.ts'
import type { HttpServer } from './server.ts'

const ServiceParams = z.object({ service: ServiceName })
const WorkspaceQuery = z.strictObject({ after: z.exactOptional(After) })
const WorkspacesQuery = z.strictObject({ state: z.exactOptional(WorkspaceState), after: z.exactOptional(After) })

export function registerWorkspaceRoutes(server: HttpServer, api: Api): void {
  const listOptions = { config: allow('read', 'every'), schema: { querystring: WorkspacesQuery } }
  server.get('/v1/workspaces', listOptions, async ({ query }): Promise<WorkspaceList> => {
    await untilReadable(api, query.after)
    const all = await api.workspaces.list(api.signal)
    return { workspaces: all.filter(({ state }) => query.state === undefined || state === query.state) }
  })

  const oneOptions = {
    config: allow('read', 'params.service'),
    schema: { params: ServiceParams, querystring: WorkspaceQuery },
  }
  server.get('/v1/workspaces/:service', oneOptions, async ({ params, query }): Promise<WorkspaceView> => {
    await untilReadable(api, query.after)
    const known = await api.workspaces.one(params.service, api.signal)
    if (known !== undefined) return known
    await api.view.catchUp(api.signal)
    const caughtUp = await api.workspaces.one(params.service, api.signal)
    if (caughtUp !== undefined) return caughtUp
    throw new TerminalError('NOT_FOUND', `${params.service} has never had an attempt, so it has no workspace`)
  })

  const releaseOptions = {
    config: allow('operate', 'params.service'),
    schema: { params: ServiceParams, body: ReleaseBody },
  }
  server.post('/v1/workspaces/:service/release', releaseOptions, async (request, reply) => {
    await untilReadable(api, undefined)
    const { service } = request.params
    const { attempt, workloadUid, note, machineGone: isMachineGone = false } = request.body
    const named = attempt === undefined ? undefined : await attemptOf(api, service, attempt)
    const { requestedBy } = callerOf(request)
    const answer = await api.release(
      { service, attempt: named, workloadUid, isMachineGone, requestedBy, note },
      api.signal,
    )
    const { accepted, sequence } = answer
    api.logger.info({ service, attempt: answer.attempt, accepted, sequence }, 'workspace released by a person')
    reply.code(accepted ? 202 : 200)
    return answer satisfies ReleaseAnswer
  })
}

async function attemptOf(api: Api, service: ServiceName, name: string): Promise<ReleaseRequest['attempt']> {
  const { attempt } = (await findAttempt(api, name)).submitted
  if (attempt.service === service) return attempt
  const message = `is an attempt of ${attempt.service}, and this is the workspace of ${service}`
  throw new InvalidInput([{ field: 'attempt', value: name, message }])
}
