import type { HostMessage } from '../../sandbox/protocol.ts'

/**
 * Keeps what arrives while the guest's code is still loading: a realm starts to deliver as soon as somebody listens, and
 * the guest's code is loaded only after the realm has been locked down.
 */
export interface EarlyMail {
  readonly take: (message: HostMessage) => void
  readonly receive: (onMessage: (message: HostMessage) => void) => void
}

export function createEarlyMail(): EarlyMail {
  const kept: HostMessage[] = []
  let deliver = (message: HostMessage): void => void kept.push(message)
  return {
    take: (message) => deliver(message),
    receive(onMessage) {
      deliver = onMessage
      for (const message of kept.splice(0)) onMessage(message)
    },
  }
}
