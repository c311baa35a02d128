import { createHost } from '../../host/runtime.ts'
import type { Did } from '../../identity/did.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { browserDeflate } from '../../platform/browser/deflate.ts'
import { openBrowserHasher } from '../../platform/browser/hash.ts'
import { loadOrCreateBrowserIdentity } from '../../platform/browser/identity.ts'
import { createBrowserSandbox } from '../../platform/browser/sandbox.ts'
import { openBrowserStore } from '../../platform/browser/store.ts'
import { browserClock, browserRandom, openSteadyTimers } from '../../platform/browser/time.ts'
import { goOnlineFromPage } from '../../platform/browser/transport.ts'
import type { RendezvousTransport } from '../../platform/peerjs/transport.ts'
import { SPARES_MAX } from '../../sandbox/limits.ts'
import { parseEmitted } from './emitted.ts'
import { loadEngine } from './engine.ts'
import { CACHE_BYTES } from './limits.ts'
import type { HostWish, PageHost } from './page-host.ts'
import { offersRelay } from './relay.ts'

/** The host of a tab, put together from the browser's adapters. Loaded when it is first wanted, not before consent. */
export async function startHost(wish: HostWish): Promise<PageHost> {
  if (!isSecureContext) throw new Error('a host needs a secure address: https, or localhost')
  if (wish.relayOnly && !offersRelay(wish.cluster))
    throw new Error('this cluster offers no relay, and you chose to hide this machine’s address')
  const isRoot = (did: Did): boolean => wish.cluster.authors.some((author) => author.did === did && author.isRoot)
  // First, because it is refused while another tab is the host.
  const store = await openBrowserStore('sojourn')
  let sandbox: ReturnType<typeof createBrowserSandbox> | null = null
  const hasher = openBrowserHasher()
  const steady = openSteadyTimers()
  const { timers } = steady
  try {
    const [signer, engine, guest] = await Promise.all([
      loadOrCreateBrowserIdentity(),
      loadEngine(),
      import('../../../dist/guest/guest-worker.js?raw'),
    ])
    sandbox = createBrowserSandbox({
      engines: new Map([[engine.id, engine.code]]),
      script: guest.default,
      spares: Math.min(wish.slots, SPARES_MAX),
      timers,
    })
    const guests = sandbox
    let online: RendezvousTransport | null = null
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const host = await createHost({
      signer,
      verifier: createVerifier(crypto.subtle),
      // The host closes its store when it ends, and only then.
      store: { ...store, close: () => store.close().finally(end) },
      sandbox: guests,
      deflate: browserDeflate,
      cacheBytes: CACHE_BYTES,
      hashAll: hasher.hashAll,
      engineId: engine.id,
      clock: browserClock,
      random: browserRandom,
      timers,
      kind: 'tab',
      name: wish.name,
      slots: wish.slots,
      trust: wish.authors,
      roots: wish.authors.filter(isRoot),
      administrators: wish.cluster.administrators ?? [],
      transport: async () => {
        online = await goOnlineFromPage({ rendezvous: document.baseURI, signer, relayOnly: wish.relayOnly, timers })
        return online
      },
      members: async () => (online ? (await online.hosts()).map(({ address }) => address) : []),
      onEmit: (emitted) => wish.onEmit(parseEmitted(emitted)),
      log: (level, text, agent) => (level === 'warn' ? console.warn : console.debug)(text, agent ?? ''),
    })
    return {
      snapshot: () => host.snapshot(),
      subscribe: (listener) => host.subscribe(listener),
      setSlots: (slots) => host.setSlots(slots),
      setAccepting: (accepting) => host.setAccepting(accepting),
      trust(author) {
        host.trust(author)
        if (isRoot(author)) host.obey(author, true)
      },
      distrust(author) {
        host.distrust(author)
        host.obey(author, false)
      },
      checkpoint: () => host.checkpoint(),
      drain: () => host.drain(),
      close: () => host.close(),
      ended: ended.finally(() => {
        guests.close()
        hasher.close()
        steady.close()
      }),
    }
  } catch (error) {
    sandbox?.close()
    hasher.close()
    steady.close()
    // A host that failed half-way may have closed it already.
    await store.close().catch(() => undefined)
    throw error
  }
}
