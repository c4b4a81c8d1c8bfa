import { describe, expect, it } from 'vitest'
import { eventsReference } from './events-reference.ts'
import { schemaRows } from './schema-rows.ts'

describe('the reference of the events', () => {
  it('is what the contracts say: `scripts/run vitest run tests/documentation -u` writes it anew', async () => {
    await expect(eventsReference()).toMatchFileSnapshot('../../docs/events-reference.md')
  })
})

describe('the rows of a schema', () => {
  it('name each field, its bounds, whether it may be left out, and what is inside of lists and choices', () => {
    const schema = {
      properties: {
        id: { type: 'string', maxLength: 9, description: 'the identity' },
        list: {
          type: 'array',
          description: 'some',
          items: { type: 'object', properties: { n: { type: 'integer', minimum: 1, description: 'a number' } } },
        },
        either: { description: 'or none', anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
      required: ['id'],
    }
    expect(schemaRows(schema)).toEqual([
      { path: 'id', type: 'text, at most 9 characters', optional: false, meaning: 'the identity' },
      { path: 'list', type: 'list of object', optional: true, meaning: 'some' },
      { path: 'list[].n', type: 'whole number, from 1', optional: true, meaning: 'a number' },
      { path: 'either', type: 'text or null', optional: true, meaning: 'or none' },
    ])
  })

  it('cannot be made where a field does not say what it means', () => {
    const schema = { properties: { a: { type: 'object', properties: { b: { type: 'string' } } } } }
    expect(() => schemaRows(schema)).toThrow('a.b has no description')
  })
})
