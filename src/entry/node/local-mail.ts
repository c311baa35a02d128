import type { Delivery } from '../../engine/image.ts'
import { type Call, refuseCall } from '../../sandbox/calls.ts'

/** Mail and names in a local run, where the agent is alone: it can take a name, and nobody writes. */
export type MailCall = Extract<Call, { name: 'send' | 'receive' | 'lookup' | 'register' }>

export class LocalMail {
  readonly #names = new Set<string>()

  answer(request: number, call: MailCall, agent: string): Delivery {
    const done = (value: unknown): Delivery => ({ request, outcome: { ok: true, valueJson: JSON.stringify(value) } })
    switch (call.name) {
      case 'send':
        return refuseCall(request, 'UNKNOWN', 'in a local run there is no other agent')
      case 'receive':
        return refuseCall(request, 'UNREACHABLE', 'in a local run nobody writes to the agent')
      case 'register':
        if (call.held) this.#names.add(call.asked)
        else this.#names.delete(call.asked)
        return done(null)
      case 'lookup':
        return call.asked.owner === null && this.#names.has(call.asked.name)
          ? done(agent)
          : refuseCall(request, 'NOT_FOUND', `no agent is called "${call.asked.name}" here`)
    }
  }
}

export const isMailCall = (call: Call): call is MailCall =>
  call.name === 'send' || call.name === 'receive' || call.name === 'lookup' || call.name === 'register'
