import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Verifier } from '../identity/verifier.ts'
import { openChain } from '../permit/chain.ts'
import type { Authority } from '../wire/authority.ts'
import type { RequestName, Requests } from '../wire/messages.ts'
import { type AuditorPowers, carryOutRerun } from './auditor.ts'
import type { BundleShelf } from './bundle-shelf.ts'
import type { Dispatch } from './dispatch.ts'
import type { Answer, Fault, HostEffect, HostEvent } from './events.ts'
import type { Links } from './links.ts'
import { factsOf } from './lodger.ts'
import type { Lodgings } from './lodgings.ts'
import { mailBytes } from './mailbox.ts'
import { type RelivePowers, relive } from './relive.ts'
import type { Seals } from './seals.ts'
import type { Transfers } from './transfers.ts'
import type { Vault } from './vault.ts'

/** Effects that reach beyond the host's own records. */
export type OutwardEffect = Exclude<HostEffect, { kind: 'persist' | 'persistSoon' }>

/** What the rim acts with. Its parts carry the machine's effects out and decide nothing. */
export interface Hands {
  readonly authority: Authority
  readonly verifier: Verifier
  readonly vault: Vault
  readonly transfers: Transfers
  readonly dispatch: Dispatch
  readonly shelf: BundleShelf
  readonly lodgings: Lodgings
  readonly auditor: AuditorPowers
  readonly reliver: RelivePowers
  readonly seals: Seals
  /** Whether the machine has been lent what seals. */
  canSeal(): boolean
  /** Null until the host is on line. */
  readonly links: () => Links | null
  /** Of a checkpoint that is fetched for a row of ours. */
  readonly checkpointBytesMax: number
  ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Answer>
  post(event: HostEvent): void
  launched(effect: Extract<HostEffect, { kind: 'launched' }>): void
  emitted(effect: Extract<HostEffect, { kind: 'emitted' }>): void
  log(level: 'info' | 'warn', text: string, agent?: AgentId): void
}

/** The code behind sealing is fetched when it is first needed, and just now it could not be. */
const CANNOT_SEAL: Fault = { code: 'BUSY', reason: 'this host cannot seal results now' }

/** What takes longer and can fail is returned: a failure that nobody reckons with stops the host, not its process. */
export function carryOut(hands: Hands, effect: OutwardEffect): unknown {
  const { lodgings, vault, post } = hands
  const links = hands.links()
  switch (effect.kind) {
    case 'ask':
      return ask(hands, effect).then((answer) =>
        post({ kind: 'answered', token: effect.token, from: effect.to, name: effect.name, answer }),
      )
    case 'answer':
      return links?.answer(effect.handle, effect.body)
    case 'deny':
      return links?.deny(effect.handle, effect.code, effect.reason)
    case 'tell':
      return links?.tell(effect.to, effect.name, effect.body as never)
    case 'hangUp':
      return links?.hangUp(effect.host, effect.reason, effect.awayMs, effect.isBarred)
    case 'openPermit':
      return openChain(hands.verifier, effect.chain).then((permit) =>
        post({
          kind: 'permit',
          token: effect.token,
          permit: permit.ok ? permit.value : { code: 'REFUSED', reason: permit.reason },
        }),
      )
    case 'seal':
      return hands.authority
        .seal(effect.statement)
        .then((sealed) => post({ kind: 'sealed', token: effect.token, sealed }))
    case 'openBundle':
      return hands.shelf.open(effect.bundle, effect.from, effect.authors).then((bundle) =>
        post({
          kind: 'bundle',
          token: effect.token,
          bundle: bundle.ok ? factsOf(bundle.value) : { code: bundle.code, reason: bundle.reason },
        }),
      )
    case 'fetchCheckpoint':
      return fetchCheckpoint(hands, effect)
    case 'prepare':
      if (effect.brief.resultTo !== null && !hands.canSeal())
        return hands.seals.ready().then(
          () => carryOut(hands, effect),
          () => post({ kind: 'prepared', token: effect.token, fault: CANNOT_SEAL, stateBytes: 0, fuelUsed: 0 }),
        )
      return lodgings
        .prepare(effect.brief, effect.checkpoint, effect)
        .then((prepared) => post({ kind: 'prepared', token: effect.token, ...prepared }))
    case 'run':
      return lodgings.run(effect.agent)
    case 'freeze':
      return lodgings.freeze(effect.agent)
    case 'image':
      return lodgings.image(effect.agent)
    case 'deliver':
      return lodgings.deliver(effect.agent, effect.delivery)
    case 'limit':
      return lodgings.limit(effect.agent, effect.quota)
    case 'hold':
      return vault.hold(effect.agent, effect.checkpoint)
    case 'relive':
      return relive(hands.reliver, effect).then((outcome) => post({ kind: 'relived', token: effect.token, outcome }))
    case 'rerun':
      return carryOutRerun(hands.auditor, effect.rerun, effect.from, effect.authors, effect.marks).then((done) =>
        post({ kind: 'rerun', token: effect.token, ...done }),
      )
    case 'pin':
      return vault.pin(effect.agent, effect.checkpoint)
    case 'unpin':
      return vault.unpin(effect.checkpoint)
    case 'terminate':
      return lodgings.terminate(effect.agent)
    case 'forget':
      return vault.forget(effect.agent, effect.keep, effect.ended)
    case 'forgetBefore':
      return vault.forgetBefore(effect.agent, effect.checkpoint, effect.keep)
    case 'read':
      return lodgings.read(effect.agent, effect.request, effect.what, effect.name)
    case 'pass':
      return lodgings.pass(effect.agent)
    case 'unseal':
      return hands.seals.open(effect.agent, effect.value).then((valueJson) => {
        if (valueJson !== null) lodgings.confine(effect.agent)
        post({ kind: 'unsealed', agent: effect.agent, request: effect.request, valueJson })
      })
    case 'sealValue':
      return hands.seals.seal(effect.agent, effect.request, effect.reader, effect.valueJson, effect.about)
    case 'log':
      return hands.log(effect.level, effect.text, effect.agent)
    case 'launched':
      return hands.launched(effect)
    case 'emitted':
      return hands.emitted(effect)
  }
}

/** Messages that name a checkpoint take along what the other host lacks of it. */
async function ask(hands: Hands, { to, name, body }: Extract<HostEffect, { kind: 'ask' }>): Promise<Answer> {
  if ((name !== 'send' && name !== 'stage' && name !== 'checkpoint') || body.checkpoint === null)
    return hands.ask(to, name, body as never)
  const agent = 'brief' in body ? body.brief.agent : body.agent
  const besideBytes = mailBytes('brief' in body ? body.brief.mail : body.mail)
  const pushed = await hands.dispatch.push(agent, body.checkpoint, body.base, besideBytes)
  return hands.ask(to, name, { ...body, ...pushed } as never)
}

async function fetchCheckpoint(
  { transfers, checkpointBytesMax, post }: Hands,
  { token, agent, checkpoint, from, pushed, hopped }: Extract<HostEffect, { kind: 'fetchCheckpoint' }>,
): Promise<void> {
  const fetched = await transfers.fetchCheckpoint(agent, checkpoint, from, checkpointBytesMax, pushed, hopped)
  post({
    kind: 'fetched',
    token,
    fault: fetched.ok ? null : { code: fetched.code, reason: fetched.reason },
  })
}
