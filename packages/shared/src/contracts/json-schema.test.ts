import { describe, expect, it } from 'vitest'
import { contractSchemas } from './json-schema.ts'

describe('the contracts as JSON Schema', () => {
  it.each([...contractSchemas()])(
    '%s only grows: a change here must be one that older readers bear',
    async (name, schema) => {
      await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`./schemas/${name}.schema.json`)
    },
  )
})
