import { startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createNotices } from './notices.ts'

describe('notices', () => {
  it('reach everybody who listens, one of each queue, and gather what they answer', async () => {
    await using broker = await startTestBroker()
    const [asking, ...others] = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => createNotices(await broker.connect(name))),
    )
    if (asking === undefined) throw new Error('none')
    expect(await asking.gather('control.test', {}, 200)).toEqual([])
    const heard: unknown[] = []
    using stack = new DisposableStack()
    for (const [i, notices] of others.entries()) {
      stack.use(notices.listen('control.test', (message) => void heard.push(message)))
      stack.use(notices.listen('control.test', () => ({ from: i })))
      stack.use(
        notices.listen(
          'control.one',
          (message) => {
            if (message === 'bad') throw new Error('bad')
            return i
          },
          { queue: 'launcher' },
        ),
      )
    }
    await expect.poll(async () => (await asking.gather('control.test', 'x', 200)).length).toBe(2)
    expect(await asking.gather('control.one', {}, 200)).toHaveLength(1)
    expect(await asking.gather('control.one', 'bad', 200)).toEqual([])
    await asking.tell('control.test', { n: 1 })
    await expect.poll(() => heard.filter((message) => message !== 'x')).toEqual([{ n: 1 }, { n: 1 }])
    stack.dispose()
    await expect.poll(async () => await asking.gather('control.test', 'x', 100)).toEqual([])
  })

  it('reach those who listen after the broker came back, and are refused while it is away', async () => {
    await using broker = await startTestBroker()
    const [one, two] = [createNotices(await broker.connect('one')), createNotices(await broker.connect('two'))]
    using _ = two.listen('control.test', () => 'here')
    await broker.kill()
    await expect
      .poll(() => one.tell('control.test', {}).catch((error: unknown) => error))
      .toMatchObject({
        code: 'BROKER_UNAVAILABLE',
      })
    await broker.restart()
    await expect.poll(() => one.gather('control.test', {}, 200).catch(() => [])).toEqual(['here'])
  })
})
