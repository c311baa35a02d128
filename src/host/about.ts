import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { EffectKind } from '../wire/messages.ts'

/** What sealed values are for, as they say it themselves (identity/sealed-value.ts). Whoever opens one compares. */

/**
 * For agents of this program whose results go to this reader, and for nobody else: a host with the key opens it for no other
 * program, and for no agent whose words somebody else would get.
 */
export const forProgram = (bundle: Cid, resultTo: Did | null): string => `program/${bundle}/${resultTo ?? '-'}`

/** One word of one agent: nobody passes it off as another's, or as another kind of word. */
export const asEffect = (agent: AgentId, kind: EffectKind, number: number): string =>
  `${asEffectOf(agent, kind)}${number}`
export const asEffectOf = (agent: AgentId, kind: EffectKind): string => `effect/${agent}/${kind}/`
