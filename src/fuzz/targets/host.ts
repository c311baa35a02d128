import { seededRandom } from '../../base/random.ts'
import type { HostEffect, HostEvent } from '../../host/events.ts'
import { DEFAULT_POLICY } from '../../host/limits.ts'
import { step } from '../../host/machine.ts'
import { newState } from '../../host/new-state.ts'
import type { HostState } from '../../host/state.ts'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { createAuthority, resolveMessage } from '../../wire/authority.ts'
import type { RequestName } from '../../wire/messages.ts'
import { mustHold, type Target, verdictOf } from '../target.ts'
import type { Traffic } from '../traffic.ts'
import { readMessage } from './wire.ts'

/** What of a host strangers must not be able to fill, entries. */
const ENTRIES_MAX = 20_000

/**
 * A host that trusts nobody hears what others said to each other, changed: nothing of it may start an agent here, take one
 * up, or be believed about one. The machine itself, without its rim: whatever a message brings about is an effect.
 */
export function hostTarget({ messages }: Traffic): Target {
  const signer = createSigner(generateSecretKey(seededRandom(77)))
  const authority = createAuthority(signer, createVerifier())
  const random = seededRandom(3)
  const state = newState({
    self: signer.did,
    age: 1,
    kind: 'edge',
    name: 'victim',
    slots: 4,
    engineIds: ['cheap-1'],
    policy: DEFAULT_POLICY,
    trusted: [],
    operators: [],
    administrators: [],
  })
  let handle = 1
  let nowMs = 0
  const happen = (event: HostEvent): readonly HostEffect[] =>
    step(state, event, { nowMs, wallMs: Date.UTC(2026, 0, 1) + nowMs }, random)
  return {
    name: 'host',
    about: 'the whole host machine, spoken to by hosts it does not trust (host/machine.ts)',
    cost: 10,
    seeds: messages.filter(({ length }) => length < 16_000),
    async judge(input) {
      const decoded = readMessage(input)
      if (!decoded.ok) return 'not a message'
      const { host: from, age } = decoded.value.header
      const resolved = await resolveMessage(authority, decoded.value.message)
      if (!resolved.ok) return 'not signed'
      const message = resolved.value
      nowMs += 5
      if (message.kind === 'reply' || message.kind === 'error') return 'an answer'
      happen({ kind: 'connected', host: from, age })
      const event =
        message.kind === 'async'
          ? { kind: 'told', from, name: message.name, body: message.body }
          : { kind: 'asked', from, handle: handle++, name: message.name, body: message.body }
      if (message.kind === 'request' && message.name === 'fetch') return 'the rim’s'
      const effects = settle(happen, happen(event as HostEvent))
      checkState(state, effects)
      const said = effects.find((effect) => effect.kind === 'deny' || effect.kind === 'answer')
      const name: RequestName | string = message.name
      return `${name}: ${said === undefined ? 'heard' : said.kind === 'deny' ? verdictOf({ ok: false, ...said }) : 'answered'}`
    },
  }
}

/** What the rim would bring back of strangers' bundles and checkpoints: nothing. */
function settle(happen: (event: HostEvent) => readonly HostEffect[], first: readonly HostEffect[]): HostEffect[] {
  const all = [...first]
  for (let next = all.shift(), done: HostEffect[] = []; ; next = all.shift()) {
    if (!next) return done
    done.push(next)
    const fault = { code: 'NOT_FOUND', reason: 'not here' } as const
    if (next.kind === 'openBundle') all.push(...happen({ kind: 'bundle', token: next.token, bundle: fault }))
    if (next.kind === 'ask')
      all.push(
        ...happen({
          kind: 'answered',
          token: next.token,
          from: next.to,
          name: next.name,
          answer: { ok: false, ...fault },
        }),
      )
    if (done.length > 100) return done
  }
}

const FORBIDDEN: readonly HostEffect['kind'][] = [
  'prepare',
  'run',
  'seal',
  'fetchCheckpoint',
  'deliver',
  'launched',
  'emitted',
  'read',
]

function checkState(state: HostState, effects: readonly HostEffect[]): void {
  for (const { kind } of effects) mustHold(!FORBIDDEN.includes(kind), `a stranger brought about: ${kind}`)
  mustHold(
    state.rows.size === 0 && state.residents.size === 0 && state.registers.size === 0,
    'a stranger left an agent',
  )
  mustHold(state.trusted.size === 0 && state.operators.size === 0, 'a stranger made itself trusted')
  for (const [what, size] of [
    ['acquaintances', state.acquaintances.size],
    ['waiting', state.waiting.size],
    ['nonces', state.nonces.size],
    ['bundles', state.bundles.size],
  ] as const)
    mustHold(size <= ENTRIES_MAX, `${what} ${size} > ${ENTRIES_MAX}`)
}
