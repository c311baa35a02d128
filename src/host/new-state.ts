import { newNameBook } from '../directory/name-book.ts'
import type { Did } from '../identity/did.ts'
import { NAME_GROUPS, NAME_MARK_BYTES } from '../wire/mail-limits.ts'
import { newQueue } from './fair.ts'
import { DEPTH_OFFERED } from './limits.ts'
import { newLives } from './lives.ts'
import { type NodeBook, openToAll } from './nodes.ts'
import { newBook } from './notice-book.ts'
import type { HostState } from './state.ts'
import { newAudits } from './vouchers.ts'

/** A host that has just been born: it knows itself, its owner's wishes, and nobody else. */
export function newState(
  birth: Pick<HostState, 'self' | 'age' | 'kind' | 'name' | 'engineIds' | 'policy' | 'slots'> & {
    readonly depth?: number | undefined
    readonly audits?: boolean | undefined
    readonly trusted: readonly Did[]
    readonly operators: readonly Did[]
    readonly administrators: readonly Did[]
    readonly nodes?: NodeBook
    readonly roots?: readonly Did[]
  },
): HostState {
  return {
    ...birth,
    sealerTo: null,
    depth: birth.depth ?? DEPTH_OFFERED[birth.kind],
    accepting: birth.slots > 0,
    evicting: false,
    trusted: new Set(birth.trusted),
    operators: new Set(birth.operators),
    administrators: new Set(birth.administrators),
    roots: new Set(birth.roots ?? []),
    notices: newBook(),
    nodes: birth.nodes ?? openToAll(),
    queue: newQueue(),
    acquaintances: new Map(),
    rows: new Map(),
    mirrors: new Map(),
    registers: new Map(),
    residents: new Map(),
    logs: new Map(),
    forwards: new Map(),
    seen: new Map(),
    letDowns: new Map(),
    holders: new Map(),
    proven: new Map(),
    names: newNameBook(NAME_GROUPS, NAME_MARK_BYTES),
    settling: [],
    namesDueMs: { renew: 0, compare: 0 },
    proposals: new Map(),
    askedAfterMs: new Map(),
    mirroring: new Map(),
    founding: new Map(),
    bundles: new Map(),
    audits: newAudits(birth.audits ?? true),
    waiting: new Map(),
    versions: new Map(),
    nonces: new Map(),
    hops: [],
    lives: newLives(0),
    totals: { finished: 0, hopsIn: 0, hopsOut: 0, fuel: 0, refused: 0 },
    nextToken: 1,
    nextSequence: 1,
    holdDueMs: 0,
    witnessesDueMs: 0,
    bornMs: 0,
    watchedMs: null,
    loadDueMs: 0,
  }
}
