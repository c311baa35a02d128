import { useRef } from 'preact/hooks'
import { bytesText, durationText } from '../base/amounts.ts'
import type { AgentSnapshot, HostSnapshot } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import { freePlaces, PLACES_SHOWN, seatAgents } from './arrange.ts'
import { Leave } from './leave.tsx'
import type { AuthorView } from './page-view.ts'
import { agentStateText, amountText, hostName, percentText, placesText, stepsText } from './wording.ts'

/** The agents that are here, one card each, and the places that are still free. */
interface Props {
  readonly host: HostSnapshot
  readonly authors: readonly AuthorView[]
  readonly slots: number
  readonly accepting: boolean
  readonly nowMs: number
}

export function Agents({ host, authors, slots, accepting, nowMs }: Props) {
  const seats = useRef<readonly (AgentSnapshot | null)[]>([])
  seats.current = seatAgents(seats.current, host.agents)
  const free = freePlaces(seats.current.length, host.agents.length, slots)
  const freeText = accepting ? 'A free place' : 'Free once you start'
  return (
    <section class="panel" aria-labelledby="agents-title">
      <h2 id="agents-title">Agents here</h2>
      <ul class="agents">
        {seats.current.map((agent, place) =>
          agent ? (
            <AgentCard key={agent.id} agent={agent} host={host} authors={authors} nowMs={nowMs} />
          ) : (
            <li key={`place-${place}`} class="agent agent-free">
              {freeText}
            </li>
          ),
        )}
        {Array.from({ length: free.shown }, (_, place) => (
          <li key={`place-${seats.current.length + place}`} class="agent agent-free">
            {accepting || place === 0 ? freeText : ''}
          </li>
        ))}
      </ul>
      {slots > PLACES_SHOWN && (
        <p class="quiet agents-more">{free.more > 0 && accepting ? `and ${placesText(free.more)} more free` : ''}</p>
      )}
    </section>
  )
}

interface CardProps extends Pick<Props, 'host' | 'authors' | 'nowMs'> {
  readonly agent: AgentSnapshot
}

function AgentCard({ agent, host, authors, nowMs }: CardProps) {
  const nameOf = (did: Did): string => authors.find((other) => other.did === did)?.name ?? hostName(did, host)
  const home = agent.home === host.id ? 'this tab' : hostName(agent.home, host)
  return (
    <li class={`agent agent-${agent.state}`}>
      <div class="agent-head">
        <h3 class="agent-name">{agent.name}</h3>
        <span class="badge">{agentStateText(agent.state)}</span>
      </div>
      <p class="agent-origin">
        by {nameOf(agent.author)}, launched from {home}
      </p>
      <div class="agent-progress">
        {agent.progress === null ? (
          <span class="bar-empty" />
        ) : (
          <progress class="bar" max={1} value={agent.progress} aria-label={`Progress of ${agent.name}`} />
        )}
        <span class="agent-percent">{agent.progress === null ? '–' : percentText(agent.progress)}</span>
      </div>
      <p class="agent-note" title={agent.note}>
        {agent.note || (agent.progress === null ? 'It has not told how far it is.' : '\u00a0')}
      </p>
      <dl class="agent-facts">
        <div class="fuel">
          <dt>Fuel</dt>
          <dd title={`${stepsText(agent.fuelUsed)} of ${stepsText(agent.fuelMax)}`}>
            <meter min={0} max={agent.fuelMax} value={agent.fuelUsed} aria-label={`Fuel used by ${agent.name}`} />
            {amountText(agent.fuelUsed)} steps
          </dd>
        </div>
        <div>
          <dt>Memory</dt>
          <dd>{agent.memoryBytes > 0 ? bytesText(agent.memoryBytes) : '–'}</dd>
        </div>
        <div>
          <dt>Hops</dt>
          <dd>{agent.hops}</dd>
        </div>
        <div>
          <dt>Here</dt>
          <dd>{durationText(Math.max(0, nowMs - agent.sinceMs))}</dd>
        </div>
      </dl>
      <Leave agent={agent} nameOf={nameOf} />
    </li>
  )
}
