import { hasCode } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import type { ChannelDocument } from './first-word.ts'

export interface ChannelStart {
  readonly documents: Pick<Documents<ChannelDocument>, 'get' | 'create'>
  readonly channel: string
  /** The first sequence that this service has not handled yet. */
  readonly nextSeq: () => Promise<number>
}

/** From which sequence on a channel tells: decided once, by the first replica that has it in its settings. */
export async function startOfChannel({ documents, channel, nextSeq }: ChannelStart): Promise<number> {
  const known = await documents.get(channel)
  if (known !== undefined) return known.value.since
  const since = await nextSeq()
  try {
    await documents.create(channel, { v: 1, channel, since })
    return since
  } catch (error) {
    if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
    return (await documents.get(channel))?.value.since ?? since
  }
}
