import { signal } from '@preact/signals'
import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { accept, type Result, refuse } from '../../../src/base/result.ts'
import type { HostWish, PageHost } from '../../../src/entry/browser/page-host.ts'
import { createVolunteer, type Volunteer } from '../../../src/entry/browser/volunteer.ts'
import { DEFAULT_POLICY } from '../../../src/host/limits.ts'
import type { HostSnapshot } from '../../../src/host/snapshot.ts'
import type { Did } from '../../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../../src/identity/signer.ts'
import { VirtualTime } from '../../../src/platform/memory/virtual-time.ts'
import { StoreLockedError } from '../../../src/storage/port.ts'
import type { Cluster } from '../../../src/wire/cluster.ts'
import { agent, host as fixture } from '../../ui/fixtures.ts'

/** The page's behaviour without a page: a scripted host, a rendezvous that can fall silent, virtual time. */
const random = seededRandom(7)
const [ALICE, BOB] = [0, 1].map(() => createSigner(generateSecretKey(random)).did) as [Did, Did]
const CLUSTER: Cluster = {
  name: 'Test cluster',
  iceServers: [],
  authors: [
    { did: ALICE, name: 'Alice' },
    { did: BOB, name: 'Bob', isRoot: true },
  ],
}

class ScriptedHost implements PageHost {
  readonly log: string[] = []
  readonly wish: HostWish
  #listener: () => void = () => {}
  #shown: HostSnapshot = fixture({ agents: [agent(1)] })
  finishDrain: () => void = () => {}
  fail: () => void = () => {}
  readonly ended = new Promise<void>((resolve) => {
    this.fail = resolve
  })

  constructor(wish: HostWish) {
    this.wish = wish
    this.log.push(`started with ${wish.authors.length} authors and ${wish.slots} slots`)
  }
  snapshot = (): HostSnapshot => this.#shown
  subscribe(listener: () => void): () => void {
    this.#listener = listener
    return () => {}
  }
  show(shown: HostSnapshot): void {
    this.#shown = shown
    this.#listener()
  }
  setSlots = (slots: number): void => void this.log.push(`slots ${slots}`)
  setAccepting = (accepting: boolean): void => void this.log.push(`accepting ${accepting}`)
  trust = (did: Did): void => void this.log.push(`trust ${did === ALICE ? 'Alice' : 'Bob'}`)
  distrust = (did: Did): void => void this.log.push(`distrust ${did === ALICE ? 'Alice' : 'Bob'}`)
  checkpoint = (): void => void this.log.push('checkpoint')
  async drain(): Promise<void> {
    this.log.push('drain')
    await new Promise<void>((resolve) => {
      this.finishDrain = resolve
    })
    this.log.push('drained')
  }
  async close(): Promise<void> {
    this.log.push('close')
  }
}

let time: VirtualTime
let answer: Result<Cluster>
let hosts: ScriptedHost[]
let saved: string | null
let startFaults: Error[]
let applied: number
const online = signal(true)
const discharging = signal<boolean | null>(null)
const asleep = signal(false)
const updateReady = signal(false)

beforeEach(() => {
  time = new VirtualTime(() => new Promise((resolve) => setImmediate(resolve)))
  answer = accept(CLUSTER)
  hosts = []
  saved = null
  startFaults = []
  applied = 0
  online.value = true
  discharging.value = null
  asleep.value = false
})

async function openPage(): Promise<Volunteer> {
  const volunteer = createVolunteer({
    startHost: async (wish) => {
      const fault = startFaults.shift()
      if (fault) throw fault
      hosts.push(new ScriptedHost(wish))
      return hosts[hosts.length - 1] as ScriptedHost
    },
    askCluster: async () => answer,
    memory: {
      load: () => saved,
      save(text) {
        saved = text
      },
    },
    clock: time,
    timers: time,
    defaults: { slots: 3, slotsMax: 4, name: 'tab-test' },
    limits: DEFAULT_POLICY,
    discharging,
    asleep,
    online,
    install: { offered: signal(false), ask: () => {} },
    update: { ready: updateReady, apply: () => void applied++ },
  })
  await time.advance(0)
  return volunteer
}

const phase = ({ view }: Volunteer): string => view.peek().phase

describe('consent', () => {
  it('comes before anything runs: Start alone starts nothing', async () => {
    const page = await openPage()
    expect(phase(page)).toBe('asking')
    page.actions.start()
    await time.advance(120_000)
    expect(hosts).toHaveLength(0)
    expect(phase(page)).toBe('asking')
  })

  it('is given author by author: the host trusts exactly those who were ticked', async () => {
    const page = await openPage()
    page.actions.agree([BOB])
    await time.advance(0)
    expect(phase(page)).toBe('lending')
    expect(hosts[0]?.wish.authors).toEqual([BOB])
    expect(page.view.peek().authors.map(({ isRoot }) => isRoot)).toEqual([false, true])
    page.actions.agree([ALICE])
    expect(hosts[0]?.log).toContain('trust Alice')
  })

  it('is remembered, and withdrawing it reaches the running host; without any, the host ends', async () => {
    await openPage().then((page) => page.actions.agree([ALICE, BOB]))
    const page = await openPage()
    expect(phase(page)).toBe('lending')
    const here = hosts[hosts.length - 1]
    page.actions.withdraw(ALICE)
    expect(here?.log).toContain('distrust Alice')
    page.actions.withdraw(BOB)
    await time.advance(0)
    here?.finishDrain()
    await time.advance(0)
    expect(here?.log.slice(-3)).toEqual(['drain', 'drained', 'close'])
    expect(phase(page)).toBe('asking')
    expect(phase(await openPage())).toBe('asking')
  })

  it('does not reach further than what is announced: an author the rendezvous drops is not trusted any more', async () => {
    const page = await openPage()
    page.actions.agree([ALICE, BOB])
    await time.advance(0)
    answer = accept({ ...CLUSTER, authors: CLUSTER.authors.slice(0, 1) })
    await time.advance(60_000)
    expect(hosts[0]?.log).toContain('distrust Bob')
  })

  it('counts for nothing when the saved text is not ours', async () => {
    saved = '{"lending":true,"agreements":"all"}'
    expect(phase(await openPage())).toBe('asking')
    expect(hosts).toHaveLength(0)
  })
})

describe('start and pause', () => {
  it('hands over before it closes, and says so meanwhile', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    page.actions.pause()
    await time.advance(0)
    expect(phase(page)).toBe('draining')
    expect(hosts[0]?.log).not.toContain('close')
    hosts[0]?.finishDrain()
    await time.advance(0)
    expect(phase(page)).toBe('resting')
  })

  it('waits for a hand-over at most so long, and keeps the parked agents in sight', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    page.actions.pause()
    await time.advance(20_000)
    expect(phase(page)).toBe('resting')
    expect(hosts[0]?.log.at(-1)).toBe('close')
    expect(page.view.peek().host?.agents).toHaveLength(1)
  })

  it('goes on by itself after a reload or a crash, and not after a pause', async () => {
    const before = await openPage()
    before.actions.agree([ALICE])
    await time.advance(0)
    const after = await openPage()
    expect([phase(after), hosts.length]).toEqual(['lending', 2])
    after.actions.pause()
    expect(phase(await openPage())).toBe('resting')
    expect(hosts).toHaveLength(2)
  })

  it('starts again, should the owner change their mind during the hand-over', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    page.actions.pause()
    await time.advance(0)
    page.actions.start()
    hosts[0]?.finishDrain()
    await time.advance(0)
    expect([phase(page), hosts.length]).toEqual(['lending', 2])
  })

  it('tells the host of a new number of places, within what there is', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    page.actions.setSlots(99)
    page.actions.setSlots(0)
    expect(hosts[0]?.log.slice(-2)).toEqual(['slots 4', 'slots 1'])
  })

  it('leaves without waiting when the page is closed', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    page.leave()
    expect(hosts[0]?.log.slice(-2)).toEqual(['accepting false', 'drain'])
  })
})

describe('what speaks against running', () => {
  it('pauses on battery only when asked to, and goes on by itself', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    discharging.value = true
    await time.advance(0)
    expect(phase(page)).toBe('lending')
    page.actions.setPauseOnBattery(true)
    await time.advance(0)
    hosts[0]?.finishDrain()
    await time.advance(0)
    expect([phase(page), page.view.peek().held]).toEqual(['resting', 'battery'])
    discharging.value = false
    await time.advance(0)
    expect([phase(page), hosts.length]).toEqual(['lending', 2])
  })

  it('hands over when a phone hides the page, and comes back with it', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    asleep.value = true
    await time.advance(0)
    expect(hosts[0]?.log).toContain('drain')
    hosts[0]?.finishDrain()
    asleep.value = false
    await time.advance(0)
    expect([phase(page), hosts.length]).toEqual(['lending', 2])
  })

  it('updates only when asked, and only after the hand-over', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    updateReady.value = true
    await time.advance(120_000)
    expect([page.view.peek().update, applied]).toEqual(['ready', 0])
    page.actions.update()
    await time.advance(0)
    expect([page.view.peek().update, applied]).toEqual(['handing-over', 0])
    hosts[0]?.finishDrain()
    await time.advance(0)
    expect(applied).toBe(1)
  })
})

describe('silence and faults', () => {
  it('waits for a silent rendezvous and starts as soon as it answers', async () => {
    await openPage().then((page) => page.actions.agree([ALICE]))
    await time.advance(0)
    answer = refuse('CLUSTER', 'status 502')
    const page = await openPage()
    expect([phase(page), page.view.peek().cluster]).toEqual(['waiting', { state: 'unreachable', name: 'Test cluster' }])
    answer = accept(CLUSTER)
    await time.advance(5_000)
    expect(phase(page)).toBe('lending')
  })

  it('lets agents work on while the rendezvous is away', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    answer = refuse('CLUSTER', 'no answer')
    await time.advance(180_000)
    expect([phase(page), page.view.peek().cluster.state]).toEqual(['lending', 'unreachable'])
    expect(hosts[0]?.log).not.toContain('drain')
  })

  it('says that another tab is the host, and tries again only when asked', async () => {
    startFaults = [new StoreLockedError('locked')]
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(60_000)
    expect([phase(page), hosts.length]).toEqual(['elsewhere', 0])
    page.actions.start()
    await time.advance(0)
    expect(phase(page)).toBe('lending')
  })

  it('says why it could not start, and tries again when asked', async () => {
    startFaults = [new Error('no IndexedDB here')]
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    expect([phase(page), page.view.peek().problem]).toEqual(['failed', 'The reason given: no IndexedDB here.'])
    page.actions.start()
    await time.advance(0)
    expect(phase(page)).toBe('lending')
  })
})

describe('a host that ends by itself', () => {
  it('is not shown as lending, and is started again only when asked', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    hosts[0]?.fail()
    await time.advance(60_000)
    expect([phase(page), hosts.length]).toEqual(['failed', 1])
    expect(page.view.peek().problem).toContain('ended by itself')
    page.actions.start()
    await time.advance(0)
    expect([phase(page), hosts.length]).toEqual(['lending', 2])
  })
})

describe('pictures', () => {
  it('grow from the tiles that agents here emit', async () => {
    const page = await openPage()
    page.actions.agree([ALICE])
    await time.advance(0)
    const value = { x: 0, y: 0, width: 1, height: 1, pixels: [3] }
    hosts[0]?.wish.onEmit({ program: 'mandelbrot', family: 'f', value })
    hosts[0]?.wish.onEmit({ program: 'golomb', family: 'g', value: { length: 72 } })
    expect(page.view.peek().paintings.map(({ title }) => title)).toEqual(['mandelbrot'])
  })
})
