import type { AgentId } from '../../directory/agent-id.ts'
import { parseJson } from '../../sandbox/values.ts'
import type { Emitted } from './page-host.ts'

/** A value that an agent let out, as the page takes it: JSON, with the bytes of its fields as Uint8Arrays. */
export interface EmittedJson {
  readonly agent: AgentId
  readonly name: string
  readonly bundle: string
  readonly valueJson: string
}

export function parseEmitted({ agent, name, bundle, valueJson }: EmittedJson): Emitted {
  const value = parseJson(valueJson)
  // Agents of one bundle and one home belong together: `map` launches one agent for each piece of a picture.
  const [home = ''] = agent.split('.')
  return { program: name, family: `${home} ${bundle}`, value: value.ok ? withBytes(value.value) : null }
}

/** Turns `{"$bytes": base64}` (sandbox/values.ts) into bytes, in the fields of the value; deeper ones stay as they are. */
function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, bytesOf(field) ?? field]))
}

function bytesOf(field: unknown): Uint8Array | null {
  const text = typeof field === 'object' && field !== null && '$bytes' in field ? field.$bytes : null
  if (typeof text !== 'string') return null
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}
