import { DOCUMENTS_PLACEHOLDER, HISTORY_PLACEHOLDER } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { fillPrompt } from './prompt.ts'

const template = `Do task 1.\n\n${DOCUMENTS_PLACEHOLDER}\n${HISTORY_PLACEHOLDER}\nEnd`

describe('fillPrompt', () => {
  it('puts documents and history where the template wants them', () => {
    expect(fillPrompt(template, { documents: ['/w/task.md', '/w/architecture.md'], history: 'Before.\n' })).toBe(
      'Do task 1.\n\n- /w/task.md\n- /w/architecture.md\nBefore.\nEnd',
    )
  })

  it('leaves no trace of a placeholder that has nothing to say', () => {
    expect(fillPrompt(template, { documents: ['/w/task.md'], history: '' })).toBe('Do task 1.\n\n- /w/task.md\nEnd')
  })

  it('evaluates nothing of what it inserts, or of what surrounds it', () => {
    const hostile = `$& $1 {{x}} \${y}\n${DOCUMENTS_PLACEHOLDER}`
    expect(fillPrompt(`${HISTORY_PLACEHOLDER}\n{{guidance}} $&`, { documents: ['/d'], history: hostile })).toBe(
      `${hostile}\n{{guidance}} $&`,
    )
  })

  it('takes only a line of its own for a placeholder', () => {
    const mention = `Write ${DOCUMENTS_PLACEHOLDER} into the template.`
    expect(fillPrompt(mention, { documents: ['/d'], history: '' })).toBe(mention)
  })
})
