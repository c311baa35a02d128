import { useState } from 'preact/hooks'
import type { HostSnapshot } from '../host/snapshot.ts'
import { shortDid } from '../identity/did.ts'
import { hostsInOrder } from './arrange.ts'
import { amountText, groundText, kindText, refusalSentences, stepsText } from './wording.ts'

/** The other hosts on line, and what this one has done so far. */
const HOSTS_AT_FIRST = 8

export function Hosts({ host, lit }: { readonly host: HostSnapshot; readonly lit: boolean }) {
  const [all, setAll] = useState(false)
  const known = lit ? hostsInOrder(host.acquaintances) : []
  const hosts = all ? known : known.slice(0, HOSTS_AT_FIRST)
  return (
    <section class="panel" aria-labelledby="hosts-title">
      <h2 id="hosts-title">Other hosts on line</h2>
      {lit &&
        refusalSentences(host).map((sentence) => (
          <p key={sentence} class="refused">
            {sentence}
          </p>
        ))}
      <ul class="hosts">
        {hosts.map((other) => (
          <li key={other.id} class="host">
            <span class={`host-dot host-${other.kind}`} aria-hidden="true" />
            <span class="host-name">
              {other.name || `…${shortDid(other.id)}`}{' '}
              <span class="quiet host-ground">
                {kindText(other.kind)}, {groundText(other.ground)}
              </span>
            </span>
            <span class="host-load">
              {other.kind === 'launcher' ? 'launches agents' : `${other.agents} of ${other.slots} places taken`}
            </span>
          </li>
        ))}
        {hosts.length === 0 && (
          <li class="empty">
            {lit ? 'Nobody else is on line at the moment.' : 'While this tab is paused it is off line and sees nobody.'}
          </li>
        )}
      </ul>
      {known.length > HOSTS_AT_FIRST && (
        <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${known.length}`}
        </button>
      )}
    </section>
  )
}

export function Totals({ host }: { readonly host: HostSnapshot | null }) {
  const { finished, hopsIn, hopsOut, fuel, refused } = host?.totals ?? {
    finished: 0,
    hopsIn: 0,
    hopsOut: 0,
    fuel: 0,
    refused: 0,
  }
  return (
    <dl class="totals" aria-label="Since the start">
      <Total term="Finished here" value={amountText(finished)} />
      <Total term="Hops in" value={amountText(hopsIn)} />
      <Total term="Hops out" value={amountText(hopsOut)} />
      <Total term="Steps worked" value={amountText(fuel)} title={stepsText(fuel)} />
      <Total term="Refused" value={amountText(refused)} title="Agents that this host did not let in" />
    </dl>
  )
}

function Total({ term, value, title }: { readonly term: string; readonly value: string; readonly title?: string }) {
  return (
    <div title={title ?? term}>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  )
}
