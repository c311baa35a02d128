import { plainText } from '../base/amounts.ts'
import type { HostSnapshot } from '../host/snapshot.ts'
import type { PageView } from './page-view.ts'

/**
 * The view with everything in it that strangers wrote made harmless: names of authors, clusters, hosts and programs, notes.
 * Nobody's name can turn the line round, hide what follows it, or push the button of consent out of sight.
 */
export const NAME_SHOWN_MAX = 48
export const NOTE_SHOWN_MAX = 160

const name = (text: string): string => plainText(text, NAME_SHOWN_MAX)

export function plainView(view: PageView): PageView {
  const { cluster, authors, host, paintings } = view
  return {
    ...view,
    cluster: 'name' in cluster && cluster.name !== null ? { ...cluster, name: name(cluster.name) } : cluster,
    authors: authors.map((author) => ({ ...author, name: name(author.name) })),
    host: host && plainHost(host),
    paintings: paintings.map((painting) => ({ ...painting, title: name(painting.title) })),
  }
}

const plainHost = (host: HostSnapshot): HostSnapshot => ({
  ...host,
  agents: host.agents.map((agent) => ({
    ...agent,
    name: name(agent.name),
    note: plainText(agent.note, NOTE_SHOWN_MAX),
  })),
  hops: host.hops.map((hop) => ({ ...hop, name: name(hop.name) })),
  acquaintances: host.acquaintances.map((other) => ({ ...other, name: name(other.name) })),
  refusals: host.refusals.map((refusal) => ({ ...refusal, reason: plainText(refusal.reason, NOTE_SHOWN_MAX) })),
})
