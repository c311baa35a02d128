/** Why something was refused. */
export type RefusalCode =
  /** The permit, or the host's owner, does not grant it. */
  | 'DENIED'
  /** It would exceed the permit's numbers, or what one message can hold. */
  | 'QUOTA'
  | 'NOT_FOUND'
  /** Nobody who could do it is on line or willing. */
  | 'UNREACHABLE'
  /** The arguments are not what the call takes. */
  | 'INVALID'
  /** The host does not know this call: it is older than the agent. */
  | 'UNKNOWN_CALL'
  /** There has never been such an agent. */
  | 'UNKNOWN'
  /** The agent has ended. */
  | 'GONE'
  /** It was sent before, and said something else then. */
  | 'CONFLICT'
  /** Another agent has the name; the message is its id. */
  | 'TAKEN'

/** What every refused call of `self` rejects with. The message is the reason, as a sentence. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError'
  readonly code: RefusalCode

  constructor(code: RefusalCode, reason: string) {
    super(reason)
    this.code = code
  }
}
