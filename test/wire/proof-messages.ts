import type { Cid } from '../../src/base/digest.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Authority } from '../../src/wire/authority.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Message } from '../../src/wire/messages.ts'
import type { Voucher } from '../../src/wire/proofs.ts'
import type { Receipt } from '../../src/wire/statements.ts'

/** A receipt that says something in every field. */
export const receiptOf = (agent: AgentId, cid: Cid): Receipt => ({
  type: 'receipt',
  agent,
  epoch: 2,
  number: 1,
  previous: null,
  bundle: cid,
  start: cid,
  engine: 'abc',
  from: null,
  to: { kind: 'result', value: cid },
  fuelFrom: 0,
  fuelTo: 9,
  standing: null,
  limits: { fuelMax: 1, memoryBytesMax: 1, sentBytesMax: 1, sentBytes: 0 },
  inputs: cid,
  inputBytes: 1,
  effectsFrom: '00',
  effects: 'ee',
})

/** One of each message about receipts. */
export async function proofMessages(
  signer: Authority,
  agent: AgentId,
  cid: Cid,
): Promise<{ voucher: Voucher; messages: readonly Message[] }> {
  const statement = receiptOf(agent, cid)
  const receipt = await signer.seal(statement)
  const verdict = await signer.seal({ type: 'verdict', receipt: cid, to: statement.to, fuelTo: 9, effects: 'ee' })
  const claim = await signer.seal({ type: 'claim', receipt: cid, fuel: 5, root: cid })
  const rerun = { receipt, log: Uint8Array.of(1), inputJson: 'null', seed: 1, launchedMs: 2 }
  const counts = { good: 1, streak: 1, audited: 1, unaudited: 2, lapsed: 0, strikes: 0 }
  const line = {
    receipt: cid,
    agent,
    epoch: 2,
    number: 1,
    host: signer.did,
    fuelFrom: 0,
    fuelTo: 9,
    ended: true,
    inputs: { host: 1, home: 2, clock: 3 },
    here: false,
    state: 'good',
    auditor: null,
    note: '',
  } as const
  return {
    voucher: { receipt, log: Uint8Array.of(1) },
    messages: [
      {
        kind: 'request',
        name: 'checkpoint',
        body: {
          agent,
          epoch: 2,
          checkpoint: cid,
          fuelUsed: 1,
          mail: NO_MAIL,
          consoleLines: 0,
          sentBytes: 2,
          messages: 1,
          history: { length: 1, head: cid },
          base: null,
          pack: null,
          checkpointBytes: 0,
          voucher: null,
        },
      },
      { kind: 'request', name: 'audit', body: rerun },
      { kind: 'reply', name: 'audit', to: 1, body: { verdict } },
      { kind: 'request', name: 'claim', body: { agent, receipt: cid, fuels: [5] } },
      { kind: 'reply', name: 'claim', to: 1, body: { claims: [claim] } },
      { kind: 'request', name: 'segments', body: { agent: null, host: signer.did, after: 0 } },
      {
        kind: 'reply',
        name: 'segments',
        to: 1,
        body: { segments: [line], hosts: [{ host: signer.did, every: 1, ...counts }], next: null },
      },
      { kind: 'request', name: 'segment', body: { agent, receipt: cid } },
      { kind: 'reply', name: 'segment', to: 1, body: { rerun, claims: [claim] } },
    ],
  }
}
