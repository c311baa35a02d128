import type { HostMessage } from '../../src/sandbox/protocol.ts'
import type { WorkerEvents } from '../../src/sandbox/warden.ts'

/** Workers that do nothing by themselves: the test plays the guest, honest or not. */
export class ScriptedWorker {
  readonly received: HostMessage[] = []
  readonly events: WorkerEvents
  terminated = false
  constructor(events: WorkerEvents) {
    this.events = events
  }
  post(message: HostMessage): void {
    this.received.push(message)
  }
  terminate(): void {
    this.terminated = true
  }
  say(message: unknown): void {
    this.events.message(message)
  }
  kinds(): string[] {
    return this.received.map(({ kind }) => kind)
  }
}
