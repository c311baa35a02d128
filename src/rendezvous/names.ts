import { isIPv6 } from 'node:net'
import { accept, type Result, refuse } from '../base/result.ts'

/**
 * The names under which hosts may reach this rendezvous, `host[:port]` as in their URLs: a host signs the name that it
 * dialled, and an answer counts only for one of ours. The Host header is no source of names, for whoever connects
 * writes it: a rendezvous in between would write the name that its victim has signed.
 */

/** What a connection says about itself: the network address and port at our end of it. */
export interface OurEnd {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', ''])

/**
 * The names that need no telling: the network address that this connection came to, and the one that we listen on.
 * `localhost` means another machine on every machine, so it counts only where the connection comes from this one.
 * Nothing is looked up, and interfaces may come and go.
 */
export function ownNames({ localAddress, localPort }: OurEnd, listensOn: string): readonly string[] {
  if (localAddress === undefined || localPort === undefined) return []
  // IPv4 that came to a socket for both, and the zone of a link-local address, which no URL can name.
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  const hosts = [address]
  const loopback = address === '::1' || address.startsWith('127.')
  if (loopback) hosts.push('localhost')
  if (loopback || !WILDCARDS.has(listensOn)) hosts.push(listensOn)
  const bracketed = hosts.map((host) => (isIPv6(host) ? `[${host}]` : host))
  return [...new Set(bracketed.flatMap((host) => spellings(`${host}:${localPort}`)))]
}

/** A name that an operator gives, for DNS or a proxy, in each spelling: hosts leave out the port of their scheme. */
export function parsePublicHost(text: string): Result<readonly string[], 'PUBLIC_HOST'> {
  const names = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(text) ? spellings(text) : []
  if (names.length === 0) return refuse('PUBLIC_HOST', `"${text}" is not host[:port], such as lab.example:9000`)
  return accept(names)
}

function spellings(name: string): readonly string[] {
  const urls = [`http://${name}`, `https://${name}`].filter((url) => URL.canParse(url))
  return [...new Set(urls.map((url) => new URL(url).host))]
}
