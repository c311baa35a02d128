import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, parseDid } from '../identity/did.ts'

/**
 * An agent's name, unique for ever: the host that launched it, that host's age then, and a sequence number.
 * Text form: `<multibase key of home>.<age>.<sequence>`, e.g. `z6Mk….3.17`. (The paper's process reference.)
 */
export type AgentId = string & { readonly brand: 'AgentId' }

export interface AgentIdParts {
  readonly home: Did
  readonly age: number
  readonly sequence: number
}

export const agentId = ({ home, age, sequence }: AgentIdParts): AgentId =>
  `${home.slice('did:key:'.length)}.${age}.${sequence}` as AgentId

export function parseAgentId(text: unknown): Result<AgentIdParts & { readonly id: AgentId }, 'AGENT_ID'> {
  if (typeof text !== 'string' || text.length > 100)
    return refuse('AGENT_ID', 'agent id is not a text of at most 100 characters')
  const match = /^([1-9A-HJ-NP-Za-km-z]+)\.([1-9][0-9]{0,9})\.([1-9][0-9]{0,9})$/.exec(text)
  if (!match) return refuse('AGENT_ID', `agent id "${text}" is not <key>.<age>.<sequence>`)
  const home = parseDid(`did:key:${match[1]}`)
  if (!home.ok) return refuse('AGENT_ID', `home of agent id: ${home.reason}`)
  return accept({ id: text as AgentId, home: home.value, age: Number(match[2]), sequence: Number(match[3]) })
}

/** For people: the last characters of the key, home's life where it was not the first, and the sequence in it. */
export const shortAgentId = (id: AgentId): string => {
  const [key = '', age = '', sequence = ''] = id.split('.')
  return [key.slice(-6), ...(age === '1' ? [] : [age]), sequence].join('.')
}

/** The host whose reference table has the agent's row: it is part of the name. */
export const homeOf = (id: AgentId): Did => `did:key:${id.split('.')[0]}` as Did
