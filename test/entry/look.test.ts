import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { lookAround } from '../../src/entry/node/look.ts'
import type { Answer } from '../../src/host/events.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'

const [one, two] = [1, 2].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const fine: Answer = { ok: true, body: { here: [], rows: [] } }
const closed: Answer = { ok: false, code: 'CLOSED', reason: 'replaced by a newer session' }
const never = new Promise<Answer>(() => {})

let time: VirtualTime
beforeEach(() => {
  time = new VirtualTime(() => new Promise((resolve) => setImmediate(resolve)))
})

const look = (members: () => Promise<readonly Did[]>, status: (host: Did) => Promise<Answer>) =>
  lookAround({ members, status, timers: time })

describe('looking around', () => {
  it('asks again where a session was lost, and has the answer', async () => {
    const answers = [closed, closed, fine]
    const seen = look(
      async () => [one],
      async () => answers.shift() ?? closed,
    )
    await time.advance(2_000)
    expect(await seen).toEqual([{ did: one, answer: { here: [], rows: [] } }])
  })

  it('gives up a host that is on line and does not answer', async () => {
    const seen = look(
      async () => [one, two],
      (host) => (host === one ? never : Promise.resolve(closed)),
    )
    await time.advance(8_000)
    expect(await seen).toEqual([
      { did: one, silent: 'no answer in 8000 ms' },
      { did: two, silent: 'CLOSED: replaced by a newer session' },
    ])
  })

  it('leaves out who has left before answering, and does not wait for it', async () => {
    const online = new Set([one, two])
    const seen = look(
      async () => [...online],
      (host) => (host === one ? never : Promise.resolve(fine)),
    )
    await time.advance(100)
    online.delete(one)
    await time.advance(500)
    expect(await seen).toEqual([{ did: two, answer: { here: [], rows: [] } }])
  })

  it('waits for nobody where the rendezvous itself goes away', async () => {
    let asked = 0
    const seen = look(
      async () => {
        if (asked++ > 0) throw new Error('rendezvous does not answer')
        return [one]
      },
      () => never,
    )
    await time.advance(8_000)
    expect(await seen).toEqual([{ did: one, silent: 'no answer in 8000 ms' }])
  })
})
