/**
 * The embedder's door: a host from its ports, in any realm. The adapters that fill the ports are in platform/; the
 * author's door, for what runs inside an agent, is "sojourn/agent". Deliberately a list: nothing else is public.
 */
export {
  type Anchor,
  type BrokenItinerary,
  type Itinerary,
  type Stage,
  type VerifiedItinerary,
  verifyItinerary,
} from './audit/itinerary.ts'
export type { Clock } from './base/clock.ts'
export type { Cid } from './base/digest.ts'
export type { Random } from './base/random.ts'
export type { Refusal, Result } from './base/result.ts'
export type { Timer, Timers } from './base/timers.ts'
export { openBundle, type VerifiedBundle } from './bundle/open.ts'
export { type AgentParts, type SealedBundle, sealBundle } from './bundle/seal.ts'
export type { AgentId } from './directory/agent-id.ts'
export { type Host, type HostOptions, LaunchError, type LaunchOptions } from './host/host.ts'
export { createHost } from './host/runtime.ts'
export type { AgentSnapshot, HopSnapshot, HostKind, HostSnapshot } from './host/snapshot.ts'
export type { Did } from './identity/did.ts'
export { createSigner, generateSecretKey, type Signer } from './identity/signer.ts'
export { createVerifier, type Verifier } from './identity/verifier.ts'
export { type Demand, type PermitFault, type VerifiedPermit, verifyPermit } from './permit/chain.ts'
export { type Grant, grantPermit } from './permit/delegation.ts'
export type { Quota } from './permit/quota.ts'
export { policyOfTerms } from './permit/terms.ts'
export type { Guest, GuestEvent, GuestOrder, Sandbox } from './sandbox/port.ts'
export { type Store, StoreFullError, type Write } from './storage/port.ts'
export { type Authority, createAuthority } from './wire/authority.ts'
export type { HopRecord } from './wire/chain.ts'
export { type Channel, ChannelClosedError, type Transport } from './wire/transport.ts'
