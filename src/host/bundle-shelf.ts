import type { Cid } from '../base/digest.ts'
import { Lately } from '../base/lately.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { openBundleBlocks, type VerifiedBundle } from '../bundle/open.ts'
import type { Did } from '../identity/did.ts'
import { openEnvelope } from '../identity/envelope.ts'
import type { Verifier } from '../identity/verifier.ts'
import type { Fault } from './events.ts'
import { BUNDLES_OPEN_MAX, ROOTS_KNOWN_MAX } from './limits.ts'
import type { Transfers } from './transfers.ts'
import type { Vault } from './vault.ts'

/**
 * Bundles, opened once. Whose a bundle is comes before what is in it, and a root is a value: that it is forged, or whose
 * it is, is found out once and known by its name from then on, however often it is offered. Grants nothing.
 */
export interface BundleShelfOptions {
  readonly vault: Vault
  readonly transfers: Transfers
  readonly verifier: Verifier
  trusts(author: Did): boolean
  /** This host has offered a bundle that nobody can have verified. */
  blame(host: Did, reason: string): void
}

export class BundleShelf {
  readonly #options: BundleShelfOptions
  readonly #bundles = new Lately<Cid, VerifiedBundle>(BUNDLES_OPEN_MAX)
  /** The author of each root whose signature holds, and why each other one is none. */
  readonly #roots = new Lately<Cid, { readonly author: Did } | Fault>(ROOTS_KNOWN_MAX)

  constructor(options: BundleShelfOptions) {
    this.#options = options
  }

  /** `authors`: whose bundles are taken beside those of trusted authors, since a root's permit names them. */
  async open(id: Cid, from: Did | null, authors: readonly Did[]): Promise<Result<VerifiedBundle, Fault['code']>> {
    const open = this.#bundles.get(id)
    if (open) return accept(open)
    const known = this.#roots.get(id)
    const fault = known && this.#rootFault(known, authors)
    if (fault) return this.#refused(fault, from)
    const { vault, transfers, verifier } = this.#options
    const fetched = await transfers.fetchBundle(id, from, (root) => this.#inspect(id, root, authors))
    if (!fetched.ok) return this.#refused(fetched, from)
    const bundle = await openBundleBlocks(id, vault.get, verifier)
    if (!bundle.ok) return refuse('REFUSED', `bundle: ${bundle.code}: ${bundle.reason}`)
    this.#bundles.set(id, bundle.value)
    return bundle
  }

  /** Of an author who is not trusted no block but the first is fetched or kept. */
  async #inspect(id: Cid, root: Uint8Array, authors: readonly Did[]): Promise<Fault | null> {
    const known = this.#roots.get(id)
    if (known) return this.#rootFault(known, authors)
    const envelope = await openEnvelope(this.#options.verifier, 'bundle', root)
    const found = envelope.ok
      ? { author: envelope.value.signer }
      : ({ code: 'REFUSED', reason: `${FORGED}${envelope.code}: ${envelope.reason}` } as const)
    this.#roots.set(id, found)
    return this.#rootFault(found, authors)
  }

  #rootFault(root: { readonly author: Did } | Fault, authors: readonly Did[]): Fault | null {
    if ('code' in root) return root
    return this.#options.trusts(root.author) || authors.includes(root.author)
      ? null
      : { code: 'UNTRUSTED_AUTHOR', reason: `author ${root.author} is not trusted here` }
  }

  #refused({ code, reason }: Fault, from: Did | null): Result<never, Fault['code']> {
    if (from !== null && reason.startsWith(FORGED)) this.#options.blame(from, reason)
    return refuse(code, reason)
  }
}

/** How the reason of a refusal begins that is the offering host's own lie: an honest one has verified what it hands on. */
const FORGED = 'bundle: '
