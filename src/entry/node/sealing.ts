import { InvalidArgumentError, Option } from 'commander'
import { utf8Length } from '../../base/bytes.ts'
import type { Cid } from '../../base/digest.ts'
import type { AgentId } from '../../directory/agent-id.ts'
import { asEffectOf, forProgram } from '../../host/about.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import { SEALED_BYTES_MAX } from '../../identity/limits.ts'
import { parseSealed, sealedJson } from '../../identity/sealed-value.ts'
import { openSealed, type Reader, sealTo } from '../../identity/sealing.ts'
import type { Signer } from '../../identity/signer.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import type { StoryLine } from '../../wire/messages.ts'
import type { ClusterClient } from './cluster-client.ts'
import { CommandError } from './output.ts'

/**
 * Sealed data on the command line: inputs are sealed before they leave this process, and what is sealed to the identity of
 * its user is opened before it is shown. A reader is a did or `me`, never a name: names are what hosts call themselves.
 */
export interface SealingOptions {
  readonly sealTo?: Did | 'me'
  readonly resultTo?: Did | 'me'
}

export const sealToOption = (): Option =>
  new Option('--seal-to <did>', 'seal the input: only a host of this identity can open it').argParser(reader)

export const resultToOption = (): Option =>
  new Option(
    '--result-to <did>',
    'seal all that the agent says to this identity, or to "me" (with --seal-to: to you)',
  ).argParser(reader)

function reader(text: string): Did | 'me' {
  if (text === 'me') return text
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return did.value
}

/** What a launch says about sealing, and what seals its input. */
export function sealingFor(options: SealingOptions, signer: Signer, bundle: Cid) {
  const named = (one: Did | 'me'): Did => (one === 'me' ? signer.did : one)
  const { sealTo: to, resultTo: result } = options
  const resultTo = result !== undefined ? named(result) : to !== undefined ? signer.did : null
  return {
    resultTo,
    sealed(inputJson: string): string {
      if (to === undefined) return inputJson
      const bytes = utf8Length(inputJson)
      if (bytes > SEALED_BYTES_MAX)
        throw new CommandError(
          'INPUT',
          `inputBytes ${bytes} > SEALED_BYTES_MAX ${SEALED_BYTES_MAX}, which can be sealed`,
        )
      return sealedJson(sealTo(named(to), inputJson, forProgram(bundle, resultTo), nodeRandom))
    },
  }
}

/** The words of an effect, opened where they are sealed to this reader as just that; else as they came. */
export async function openEffect(
  own: Reader,
  agent: AgentId,
  kind: 'emit' | 'console' | 'result' | 'failure',
  valueJson: string,
): Promise<string> {
  const value = sealedIn(valueJson)
  if (value === null || value.to !== own.did || !value.about.startsWith(asEffectOf(agent, kind))) return valueJson
  const opened = await openSealed(own, value)
  return opened.ok ? opened.value : valueJson
}

/** The sealed value that a JSON text is, or that a failure has beside its code; null where there is none. */
export function sealedIn(valueJson: string) {
  let value: unknown
  try {
    value = JSON.parse(valueJson)
  } catch {
    return null
  }
  const parsed = parseSealed(Object(value).sealed ?? value)
  return parsed.ok ? parsed.value : null
}

/** The same cluster, whose stories are opened as far as they are sealed to this reader. */
export function readingAs(own: Reader | null, client: ClusterClient): ClusterClient {
  if (own === null) return client
  const openLine = async (agent: AgentId, line: StoryLine): Promise<StoryLine> => {
    const { kind, valueJson } = line
    if (kind !== 'emit' && kind !== 'console' && kind !== 'result' && kind !== 'failure') return line
    return { ...line, valueJson: await openEffect(own, agent, kind, valueJson) }
  }
  return {
    ...client,
    async ask(to, name, body) {
      const answer = await client.ask(to, name, body)
      if (name !== 'story') return answer
      const { agent } = body as { agent: AgentId }
      const { lines } = answer as { lines: readonly StoryLine[] }
      return { ...answer, lines: await Promise.all(lines.map((line) => openLine(agent, line))) }
    },
  }
}
