import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Clock } from '../../base/clock.ts'
import type { HostSnapshot } from '../../host/snapshot.ts'
import type { Did } from '../../identity/did.ts'
import type { Quota } from '../../permit/quota.ts'
import { StoreLockedError } from '../../storage/port.ts'
import type { Hold, PageActions, PageView, Phase } from '../../ui/page-view.ts'
import { addTile, type Painting, parseTile } from '../../ui/tile.ts'
import type { Cluster } from '../../wire/cluster.ts'
import { type ClusterQuestion, watchCluster } from './cluster-watch.ts'
import { AGREEMENTS_MAX, DRAIN_MS_MAX, DRAW_MS, HOST_NAME_LENGTH_MAX } from './limits.ts'
import type { Emitted, HostWish, PageHost } from './page-host.ts'
import { type PreferenceMemory, type Preferences, readPreferences, writePreferences } from './preferences.ts'
import { offersRelay } from './relay.ts'

/**
 * What the page does with its owner's wishes: it holds the host when, and only when, the owner wants to lend places,
 * has agreed to an author who is announced, and nothing (battery, a hidden phone page, an update) speaks against it.
 * There is one rule (`wanted`) and one place that follows it (`settle`). Platform happenings come in as signals and
 * arguments; this file knows no DOM.
 */
export interface VolunteerParts extends ClusterQuestion {
  /** Rejects with StoreLockedError while another tab is the host. */
  readonly startHost: (wish: HostWish) => Promise<PageHost>
  readonly memory: PreferenceMemory
  readonly clock: Clock
  readonly defaults: { readonly slots: number; readonly slotsMax: number; readonly name: string }
  readonly limits: Quota
  /** Null where the browser does not tell. */
  readonly discharging: ReadonlySignal<boolean | null>
  /** True while the page is hidden on a device that stops hidden pages. */
  readonly asleep: ReadonlySignal<boolean>
  readonly install: { readonly offered: ReadonlySignal<boolean>; readonly ask: () => void }
  readonly update: { readonly ready: ReadonlySignal<boolean>; readonly apply: () => void }
}

export interface Volunteer {
  readonly view: ReadonlySignal<PageView>
  readonly actions: PageActions
  /** The page may go away soon: what is here is made safe, and goes on. */
  beware(): void
  /** The page goes away now: there is no time to wait for anything. */
  leave(): void
}

type Fault = { readonly phase: 'elsewhere' | 'failed'; readonly text: string | null }

export function createVolunteer(parts: VolunteerParts): Volunteer {
  const { clock, timers, defaults, memory } = parts
  const first: Preferences = {
    lending: false,
    slots: defaults.slots,
    name: defaults.name,
    pauseOnBattery: false,
    relayOnly: false,
    agreements: [],
    announced: null,
  }
  const preferences = signal(readPreferences(memory.load(), first))
  const prefer = (change: Partial<Preferences>): void => {
    preferences.value = { ...preferences.peek(), ...change }
    memory.save(writePreferences(preferences.peek()))
  }
  const watch = watchCluster(parts, ({ name, authors }) => prefer({ announced: { name, authors } }))
  const cluster = watch.cluster
  const host = signal<PageHost | null>(null)
  const snapshot = signal<HostSnapshot | null>(null)
  const doing = signal<'nothing' | 'starting' | 'draining'>('nothing')
  const fault = signal<Fault | null>(null)
  const updating = signal(false)
  const paintings = signal<readonly Painting[]>([])

  const agreed = computed((): readonly Did[] => {
    const announced = preferences.value.announced?.authors ?? []
    const agreements = preferences.value.agreements
    return announced.filter((author) => agreements.some(({ did }) => did === author.did)).map(({ did }) => did)
  })
  const held = computed((): Hold | null => {
    if (!preferences.value.lending) return null
    if (preferences.value.pauseOnBattery && parts.discharging.value === true) return 'battery'
    return parts.asleep.value ? 'hidden' : null
  })
  const wanted = computed(
    () => preferences.value.lending && agreed.value.length > 0 && held.value === null && !updating.value,
  )

  async function begin(answer: Cluster): Promise<void> {
    doing.value = 'starting'
    try {
      const { name, relayOnly } = preferences.peek()
      const slots = Math.min(preferences.peek().slots, defaults.slotsMax)
      const started = await parts.startHost({
        cluster: answer,
        name,
        slots,
        authors: agreed.peek(),
        relayOnly,
        onEmit: paint,
      })
      started.subscribe(drawSoon(started))
      told = new Set(agreed.peek())
      host.value = started
      snapshot.value = started.snapshot()
      void started.ended.then(() => endedByItself(started))
    } catch (error) {
      fault.value =
        error instanceof StoreLockedError ? { phase: 'elsewhere', text: null } : { phase: 'failed', text: plain(error) }
    } finally {
      doing.value = 'nothing'
    }
  }

  function endedByItself(former: PageHost): void {
    if (host.peek() !== former || doing.peek() === 'draining') return
    fault.value = {
      phase: 'failed',
      text: 'The host in this tab ended by itself. Its agents go on from their last checkpoints, here or elsewhere.',
    }
    snapshot.value = former.snapshot()
    host.value = null
  }

  /** However often the host changes, the page is drawn again at most once in DRAW_MS. */
  function drawSoon(here: PageHost): () => void {
    let due = false
    return () => {
      if (due) return
      due = true
      timers.after(DRAW_MS, () => {
        due = false
        if (host.peek() === here) snapshot.value = here.snapshot()
      })
    }
  }

  async function end(leaving: PageHost): Promise<void> {
    doing.value = 'draining'
    const late = new Promise<void>((resolve) => timers.after(DRAIN_MS_MAX, resolve))
    await Promise.race([leaving.drain(), late]).catch((error) => console.error('handing over failed', error))
    snapshot.value = leaving.snapshot()
    host.value = null
    await leaving.close().catch((error) => console.error('closing the host failed', error))
    doing.value = 'nothing'
  }

  let settling = false
  async function settle(): Promise<void> {
    if (settling) return
    settling = true
    for (;;) {
      const [here, answer] = [host.peek(), cluster.peek().answer]
      if (wanted.peek() && here === null && answer !== null && fault.peek() === null) await begin(answer)
      else if (!wanted.peek() && here !== null) await end(here)
      else break
    }
    settling = false
    if (updating.peek() && host.peek() === null) parts.update.apply()
  }
  effect(() => {
    // Reading them here makes this run again when one of them changes.
    void [wanted.value, cluster.value, fault.value, updating.value]
    queueMicrotask(settle)
  })

  /** The authors the running host has been told of. */
  let told: ReadonlySet<Did> = new Set()
  effect(() => {
    const here = host.value
    const now = new Set(agreed.value)
    if (here === null) return
    for (const did of now) if (!told.has(did)) here.trust(did)
    for (const did of told) if (!now.has(did)) here.distrust(did)
    told = now
  })
  effect(() => host.value?.setSlots(Math.min(preferences.value.slots, defaults.slotsMax)))

  function paint({ program, family, value }: Emitted): void {
    const tile = parseTile(value)
    if (tile) paintings.value = addTile(paintings.peek(), family, program, tile)
  }

  const phase = computed((): Phase => {
    if (doing.value === 'starting') return 'starting'
    if (doing.value === 'draining') return 'draining'
    if (host.value !== null) return 'lending'
    if (agreed.value.length === 0) return 'asking'
    if (fault.value !== null) return fault.value.phase
    if (!wanted.value) return 'resting'
    return cluster.value.state === 'unreachable' ? 'waiting' : 'starting'
  })

  const view = computed((): PageView => {
    const { announced, agreements, slots, name, pauseOnBattery, relayOnly } = preferences.value
    const authors = announced?.authors ?? []
    return {
      phase: phase.value,
      held: held.value,
      cluster:
        cluster.value.state === 'unreachable'
          ? { state: 'unreachable', name: announced?.name ?? null }
          : announced
            ? { state: 'known', name: announced.name }
            : { state: 'asking' },
      authors: authors.map((author) => ({
        ...author,
        isRoot: author.isRoot === true,
        agreedMs: agreements.find(({ did }) => did === author.did)?.atMs ?? null,
      })),
      host: snapshot.value,
      settings: {
        slots: Math.min(slots, defaults.slotsMax),
        slotsMax: defaults.slotsMax,
        name,
        pauseOnBattery,
        discharging: parts.discharging.value,
        relayOnly,
        relayOffered: offersRelay(cluster.value.answer),
      },
      limits: parts.limits,
      online: parts.online.value,
      update: updating.value ? 'handing-over' : parts.update.ready.value ? 'ready' : 'none',
      problem: fault.value?.text ?? null,
      paintings: paintings.value,
      installable: parts.install.offered.value,
    }
  })

  const start = (): void => {
    fault.value = null
    prefer({ lending: true })
  }
  const actions: PageActions = {
    agree(dids) {
      const first = agreed.peek().length === 0
      const names = new Map(preferences.peek().announced?.authors.map(({ did, name }) => [did, name]))
      const fresh = dids.map((did) => ({ did, name: names.get(did) ?? '', atMs: clock.wallMs() }))
      const kept = preferences.peek().agreements.filter(({ did }) => !dids.includes(did))
      prefer({ agreements: [...kept, ...fresh].slice(-AGREEMENTS_MAX) })
      if (first) start()
    },
    withdraw(author) {
      prefer({ agreements: preferences.peek().agreements.filter(({ did }) => did !== author) })
      if (agreed.peek().length === 0) prefer({ lending: false })
    },
    start,
    pause: () => prefer({ lending: false }),
    setSlots: (slots) => prefer({ slots: Math.min(defaults.slotsMax, Math.max(1, Math.round(slots))) }),
    rename: (name) => prefer({ name: name.trim().slice(0, HOST_NAME_LENGTH_MAX) || defaults.name }),
    setPauseOnBattery: (pauseOnBattery) => prefer({ pauseOnBattery }),
    setRelayOnly: (relayOnly) => prefer({ relayOnly }),
    askClusterAgain: watch.askNow,
    update: () => {
      updating.value = true
    },
    install: parts.install.ask,
  }

  return {
    view,
    actions,
    beware: () => host.peek()?.checkpoint(),
    leave() {
      const here = host.peek()
      if (here === null) return
      here.setAccepting(false)
      void here.drain().catch(() => undefined)
    },
  }
}

/** For people, and only what the error says of itself. */
const plain = (error: unknown): string =>
  error instanceof Error && error.message ? `The reason given: ${error.message}.` : 'No reason was given.'
