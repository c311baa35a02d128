/** What an author wrote does not build. The message says where and what, one line a fault, and is all a user needs to see. */
export class AgentBuildError extends Error {
  override readonly name = 'AgentBuildError'
  readonly code = 'BUILD'
}
