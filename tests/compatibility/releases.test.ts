import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTRACTS, EVENT_TYPES, readEvent, readReason } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { missingFields } from './missing-fields.ts'
import { SAMPLED, samplesOf } from './samples.ts'

const RELEASES = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const Kept = z.object({ schema: z.record(z.string(), z.unknown()), samples: z.array(z.unknown()).min(1) })
const readers: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(CONTRACTS))

function keptOf(release: string): readonly { name: string; schema: z.ZodType; samples: readonly unknown[] }[] {
  const directory = join(import.meta.dirname, release)
  return readdirSync(directory).map((file) => {
    const { schema, samples } = Kept.parse(JSON.parse(readFileSync(join(directory, file), 'utf8')))
    return { name: file.slice(0, -'.json'.length), schema: z.fromJSONSchema(schema), samples }
  })
}

/** People write them, and nothing of ours does. */
const isRead = (name: string): boolean => name.startsWith('file.')
/** Strict on purpose: at a door an unknown field is a typing mistake. */
const isStrict = (name: string): boolean =>
  isRead(name) || ['api.submit', 'api.retry', 'api.release', 'api.rebuild', 'api.token'].includes(name)
const isEvent = (name: string): boolean => EVENT_TYPES.some((type) => type === name)

function read(name: string, value: unknown): unknown {
  const reader = readers.get(name)
  if (reader === undefined) throw new Error(`this release has no contract ${name} any more`)
  return reader.parse(JSON.parse(JSON.stringify(value)))
}

describe.each(RELEASES)('release %s', (release) => {
  const kept = keptOf(release)

  it('is kept whole', () => {
    expect(kept.length).toBeGreaterThan(20)
  })

  it.each(kept)('wrote $name in a way that this release reads', ({ name, samples }) => {
    for (const sample of samples) {
      read(name, sample)
      if (isEvent(name)) expect(readEvent(JSON.stringify(sample))).toMatchObject({ kind: 'event' })
    }
  })

  it.each(kept.filter(({ name }) => !isRead(name)))('reads $name as this release writes it', ({ name, schema }) => {
    for (const sample of samplesOf(name)) expect(schema.safeParse(sample).error).toBeUndefined()
  })
})

/** The value with a field that nobody knows, in each of its objects. */
function grown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(grown)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([key, inner]) => [key, grown(inner)])
  return { ...Object.fromEntries(fields), laterField: { x: 1 } }
}

/** Maps whose keys are names: what is added there is no field. */
const MAPS = new Set(['sources', 'environment', 'gitEnvironment', 'credentialFiles', 'localServers', 'env', 'headers'])
function grownOutsideMaps(value: unknown): unknown {
  return JSON.parse(JSON.stringify(grown(value)), (key, inner: unknown) => {
    if (!MAPS.has(key) || typeof inner !== 'object' || inner === null) return inner
    const { laterField: _, ...names } = inner as Record<string, unknown>
    return names
  })
}

describe('a later release', () => {
  const open = SAMPLED.filter((name) => !isStrict(name))

  it.each(open)('may add fields anywhere in %s', (name) => {
    for (const sample of samplesOf(name)) {
      const later = grownOutsideMaps(sample)
      read(name, later)
      if (isEvent(name)) expect(readEvent(JSON.stringify(later))).toMatchObject({ kind: 'event' })
    }
  })

  it.each(open.filter((name) => name.startsWith('document.')))(
    'finds its fields in %s after this one wrote it',
    (name) => {
      for (const sample of samplesOf(name))
        expect(read(name, grownOutsideMaps(sample))).toEqual(grownOutsideMaps(sample))
    },
  )

  it('may have doors, sources, phases, steps and reasons that this one does not know', () => {
    const change = (name: string, with_: (data: Record<string, unknown>) => object) =>
      samplesOf(name).map((sample) => {
        const { data, ...rest } = sample as { data: Record<string, unknown> }
        return { ...rest, data: { ...data, ...with_(data) } }
      })
    const events = [
      ...change('task.submitted', () => ({
        requestedBy: { door: 'slack', caller: 'U1' },
        sources: { tools: 'profile' },
      })),
      ...change('attempt.finished', () => ({ phase: 'Paused', reason: 'OutOfCredit' })),
      ...change('attempt.progressed', () => ({ step: 'reviewing', reason: 'WaitingForReview' })),
    ]
    for (const event of events) expect(readEvent(JSON.stringify(event))).toMatchObject({ kind: 'event' })
    expect(readReason('OutOfCredit')).toEqual({ reason: 'Other', otherReason: 'OutOfCredit' })
    expect(readReason('GateFailed')).toEqual({ reason: 'GateFailed' })
  })

  it('may have a new meaning for a type, which this one leaves to it, and types that are none of its business', () => {
    const [event] = samplesOf('attempt.started')
    const typed = (type: string): string => JSON.stringify({ ...(event as object), type })
    expect(readEvent(typed('attempt.started.v2'))).toMatchObject({ kind: 'tooNew' })
    expect(readEvent(typed('attempt.reviewed'))).toMatchObject({ kind: 'foreign' })
  })
})

describe('missingFields', () => {
  it('names each field of a schema that no sample shows, within lists, unions and maps too', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: 'string' },
        list: { type: 'array', items: { properties: { b: {}, c: {} } } },
        either: { anyOf: [{ properties: { d: {} } }, { type: 'null' }] },
        map: { type: 'object', additionalProperties: { properties: { e: {} } } },
      },
    }
    const samples = [
      { list: [{ b: 1 }], either: null, map: { x: {} } },
      { list: [], either: null, map: {} },
    ]
    expect(missingFields(schema, samples)).toEqual(['.a', '.list[].c', '.either.d', '.map{}.e'])
    expect(
      missingFields(schema, [{ a: '', list: [{ b: 1 }, { c: 1 }], either: { d: 1 }, map: { x: { e: 1 } } }]),
    ).toEqual([])
  })
})
