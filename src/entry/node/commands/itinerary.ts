import { readFile, writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { type Anchor, type Itinerary, verifyItinerary } from '../../../audit/itinerary.ts'
import { ITINERARY_BYTES_MAX } from '../../../audit/limits.ts'
import { readItinerary, writeItinerary } from '../../../audit/saved.ts'
import { parseCid } from '../../../base/digest.ts'
import { createSigner, generateSecretKey } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { createNativeSubtle } from '../../../platform/node/native-signatures.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import { createAuthority } from '../../../wire/authority.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { askAround, fetchItinerary, type SeenBy } from '../itineraries.ts'
import { agentNamed } from '../naming.ts'
import { CommandError, printResult, say } from '../output.ts'
import { type HostNames, hostNames } from '../plain-text.ts'
import { wayLines } from '../way-text.ts'

/** `sojourn itinerary`: where an agent has been, by the signatures of those who had it. */
interface ItineraryOptions extends Partial<ClusterOptions> {
  readonly file?: string
  readonly out?: string
  readonly seen: readonly Anchor[]
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('itinerary')
    .summary('verify and draw the way of an agent')
    .description(
      'Fetches the signed hops of an agent from who keeps its row, verifies them here, and draws them: each is signed by the next host, ' +
        'by the holder and by a majority of the witnesses, over the head of all hops before. The other hosts are asked what head they have seen, ' +
        'so that hops which are kept back are noticed. Exit code 0 only if the whole way verifies.',
    )
    .argument('[agent]', 'id, whole or short, e.g. abc123.4; not needed with --file')
    .addOption(joinOption().makeOptionMandatory(false))
    .option('--file <file>', 'verify a saved itinerary, without a cluster')
    .option('--out <file>', 'save it')
    .option('--seen <hop:head>', 'a head that you have seen, from launch or logs; may be repeated', anchor, [])
    .addOption(identityOption('in whose name to ask (default: your identity, if you have one)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sojourn itinerary abc123.4 --out way.cbor --join http://127.0.0.1:9000\n  sojourn itinerary --file way.cbor',
    )
    .action(itinerary)
}

async function itinerary(text: string | undefined, options: ItineraryOptions): Promise<void> {
  const { way, seen, nameOf } =
    options.file === undefined ? await fetched(text, options) : await saved(text, options.file)
  if (options.out !== undefined) await writeFile(options.out, writeItinerary(way))
  const authority = createAuthority(createSigner(generateSecretKey(nodeRandom)), createVerifier(createNativeSubtle()))
  const checked = await verifyItinerary(way, authority, [...options.seen, ...seen])
  const { agent, bundle, origin } = way
  const shown = { agent, bundle, origin, seen: [...options.seen, ...seen] }
  if (checked.ok) {
    const { stages, head, forgotten } = checked.value
    return printResult(
      options.json,
      { ok: true, ...shown, hops: stages, head, forgotten },
      wayLines(agent, checked, nameOf),
    )
  }
  process.exitCode = 1
  const { code, reason, hop, host, stages } = checked
  const error = { code, reason, hop, host }
  printResult(options.json, { ok: false, error, ...shown, hops: stages }, wayLines(agent, checked, nameOf))
  say(`sojourn: the itinerary does not verify: ${reason}`)
}

interface Found {
  readonly way: Itinerary
  readonly seen: readonly SeenBy[]
  readonly nameOf: HostNames
}

async function fetched(text: string | undefined, { join, bind, identity }: ItineraryOptions): Promise<Found> {
  if (text === undefined) throw new CommandError('AGENT', 'say which agent, or --file with a saved itinerary')
  if (join === undefined)
    throw new CommandError('JOIN', 'say the cluster with --join <url>, or --file with a saved itinerary')
  const cluster = { join, ...(bind === undefined ? {} : { bind }), ...(identity === undefined ? {} : { identity }) }
  return inCluster(cluster, async (client) => {
    const view = await client.look()
    const agent = agentNamed(view, text)
    const seen = await askAround(
      client,
      agent,
      view.hosts.map(({ did }) => did),
    )
    return { way: await fetchItinerary(client, agent), seen, nameOf: hostNames(view.hosts) }
  })
}

async function saved(text: string | undefined, path: string): Promise<Found> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new CommandError('FILE', `cannot read ${path}: ${cause.message}`, { cause })
  })
  if (bytes.length > ITINERARY_BYTES_MAX)
    throw new CommandError('FILE', `${path} has ${bytes.length} bytes: no itinerary`)
  const way = readItinerary(new Uint8Array(bytes))
  if (!way.ok) throw new CommandError(way.code, `${path} is no itinerary: ${way.reason}`)
  if (text !== undefined && text !== way.value.agent)
    throw new CommandError('AGENT', `${path} is the way of ${way.value.agent}, not of ${text}`)
  return { way: way.value, seen: [], nameOf: hostNames([]) }
}

function anchor(text: string, before: readonly Anchor[]): readonly Anchor[] {
  const match = /^(\d{1,15}):(.+)$/.exec(text)
  const head = parseCid(match?.[2])
  if (!match || !head.ok) throw new InvalidArgumentError('it is a hop and its head, e.g. 12:bafyrei….')
  return [...before, { epoch: Number(match[1]), head: head.value.cid }]
}
