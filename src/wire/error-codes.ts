/** Why a request is not done: a closed set for programs; the sentence beside it is for people. PROTOCOL.md has their numbers. */
export type ErrorCode =
  | 'REFUSED' // admission says no; the reason says why
  | 'UNTRUSTED_AUTHOR'
  | 'NO_SLOT'
  | 'QUOTA'
  | 'ENGINE'
  | 'UNKNOWN_AGENT'
  | 'STALE_EPOCH'
  | 'OUTBID' // a higher ballot was promised
  | 'MIGRATED' // reason is the new holder's did
  | 'NOT_FOUND'
  | 'NOT_AUTHORISED'
  | 'EXPIRED'
  | 'STORE_FULL'
  | 'BUSY'
  | 'TIMEOUT' // made locally: no answer in time
  | 'CLOSED' // made locally: the session ended first
  | 'BAD_MESSAGE'
  | 'LOAD' // the program does not load; no other host will do better
  | 'NOT_ADMITTED' // the host lets only others in, or INIC has not been said; the reason says which
  | 'OLD_AGE' // the host has been seen in a later life
  | 'BANNED' // a notice stands against the host, author or launcher
  | 'GONE' // the agent has ended
  | 'CONFLICT' // the same number came before with something else: two lives of one agent
  | 'TAKEN' // the name is another agent's; the reason is its id
  | 'UNPROVEN' // who speaks for the agent has not been shown here
