import { agent, RefusalError, type Self } from 'sojourn/agent'
import { readCsv } from './csv.ts'
import { add, emptySummary, type Findings, findings, merge, type Summary } from './statistics.ts'

/** Travels from host to host, reads the shard that each of them holds, and brings home the statistics of the whole. */
export interface Input {
  /** Dids of the hosts to visit. */
  readonly hosts: readonly string[]
  /** The file that each of them shares. */
  readonly path: string
  readonly columns: readonly string[]
}

export interface Output {
  readonly visited: readonly { readonly host: string; readonly name: string; readonly rows: number }[]
  readonly missed: readonly { readonly host: string; readonly reason: string }[]
  readonly rows: number
  readonly columns: Readonly<Record<string, Findings>>
}

type Shard = ReadonlyMap<string, Summary>

export default agent(async (self, { hosts, path, columns }: Input): Promise<Output> => {
  const totals = new Map(columns.map((column) => [column, emptySummary()]))
  const visited: Output['visited'][number][] = []
  const missed: Output['missed'][number][] = []
  const way = hosts.map((host) => ({ host, visits: 0 }))
  for (let stop = way.shift(); stop; stop = way.shift()) {
    const { host } = stop
    self.progress(visited.length / (hosts.length + 1), `on the way to host ${visited.length + 1} of ${hosts.length}`)
    try {
      const shard = summarise(await readAt(self, host, path), columns)
      for (const [column, total] of totals) merge(total, shard.get(column) ?? emptySummary())
      visited.push({ host, name: self.host.name, rows: Math.max(0, ...[...shard.values()].map(({ count }) => count)) })
      await self.emit({ after: visited.length, columns: results(totals) })
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error
      // A host that cannot be reached now may be there later: it goes to the end of the way.
      if (error.code === 'UNREACHABLE' && stop.visits + 1 < VISITS) {
        if (way.every(({ visits }) => visits > 0)) await self.sleep(PAUSE_MS)
        way.push({ host, visits: stop.visits + 1 })
      } else missed.push({ host, reason: `${error.code}: ${error.message}` })
    }
  }
  self.progress(hosts.length / (hosts.length + 1), 'on the way home')
  await self.move({ home: true })
  self.progress(1)
  return { visited, missed, rows: visited.reduce((sum, { rows }) => sum + rows, 0), columns: results(totals) }
})

/** How often a host is tried before it is left out, and the pause when all that are left were tried in vain before. */
const VISITS = 4
const PAUSE_MS = 2_000

/** How often to go back when somebody sends us away between arriving and reading. */
const TRIES = 5

/**
 * The file as this very host has it. A host's owner may come back and send the agent on at any moment, also between `move`
 * and `read`; then the file read is another host's. So: where were we before, and where are we after?
 */
async function readAt(self: Self, host: string, path: string): Promise<string> {
  for (let left = TRIES; ; left--) {
    await self.move({ host })
    const bytes = await self.read(path).catch((error: unknown) => error)
    const { id } = await self.where()
    if (id === host && bytes instanceof Uint8Array) return new TextDecoder().decode(bytes)
    if (id === host && bytes instanceof Error) throw bytes
    if (left === 1) throw new RefusalError('UNREACHABLE', `sent away ${TRIES} times before the file was read`)
  }
}

function summarise(csv: string, columns: readonly string[]): Shard {
  const table = readCsv(csv)
  return new Map(
    columns.map((column) => {
      const summary = emptySummary()
      const at = table.columns.indexOf(column)
      if (at < 0) throw new RefusalError('NOT_FOUND', `the table has no column "${column}"`)
      for (const row of table.rows) add(summary, Number(row[at]))
      return [column, summary]
    }),
  )
}

const results = (totals: Shard): Record<string, Findings> =>
  Object.fromEntries([...totals].map(([column, summary]) => [column, findings(summary)]))
