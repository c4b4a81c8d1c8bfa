import { describe, expect, it } from 'vitest'
import { modelScenario, scenarioNames } from './scenarios.ts'

describe('the scenarios', () => {
  it.each(scenarioNames())('%s says what it is about, and can be played', (name) => {
    const { about, turns, after } = modelScenario(name)
    expect(about).toMatch(/^[A-Z].+\.$/)
    expect(turns.length > 0 || after !== undefined).toBe(true)
  })

  it('are named when one is asked for that is not there', () => {
    expect(() => modelScenario('sucess')).toThrow(/"sucess".*there are .*success/)
  })
})
