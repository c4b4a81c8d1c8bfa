import type { Run } from '../run.ts'

/** All that can fail is tried before a token is spent; what costs nothing goes first. */
export async function preflight({ steps, agent, workspace }: Run): Promise<void> {
  await steps.run('preflight', async () => {
    await agent.preflight()
    await workspace.preflight()
  })
}
