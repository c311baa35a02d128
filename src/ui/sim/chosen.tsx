import { useState } from 'preact/hooks'
import { kindText, percentText } from '../wording.ts'
import type { Tool } from './picture.tsx'
import type { SimActions, SimFrame, SimPageView } from './sim-view.ts'
import { actsFor, actText, agentConditionText, conditionSentence, dutiesSentence } from './sim-wording.ts'

/** The host that is held fast: what it is, who is on it, and what can be done to it. */
interface Props {
  readonly view: SimPageView
  readonly chosen: number | null
  readonly actions: SimActions
  readonly linking: boolean
  onChoose(host: number | null): void
  onTool(tool: Tool): void
}

const AGENTS_SHOWN = 4

export function Chosen(props: Props) {
  const { view, chosen, onChoose } = props
  const host = chosen === null ? undefined : view.frame?.hosts[chosen]
  return (
    <section class="panel chosen" aria-labelledby="chosen-title">
      <h2 id="chosen-title">{host ? `${host.name[0]?.toUpperCase()}${host.name.slice(1)}` : 'One host'}</h2>
      {host && chosen !== null && view.frame ? (
        <Held {...props} frame={view.frame} chosen={chosen} />
      ) : (
        <p class="quiet">Click a host in the picture to see what it is, and to kill it, freeze it or cut it off.</p>
      )}
      <ByNumber hosts={view.frame?.hosts.length ?? 0} onChoose={onChoose} />
    </section>
  )
}

function Held({
  frame,
  chosen,
  actions,
  linking,
  onTool,
}: Props & { readonly frame: SimFrame; readonly chosen: number }) {
  const host = frame.hosts[chosen]
  if (!host) return null
  const here = frame.agents.filter((agent) => agent.host === chosen && agent.condition !== 'ended')
  return (
    <>
      <p aria-live="polite">
        A{host.kind === 'edge' ? 'n' : ''} {kindText(host.kind)}. {conditionSentence(host.condition)}
        {host.troubles.map((trouble) => ` ${trouble[0]?.toUpperCase()}${trouble.slice(1)}.`)}
      </p>
      <p class="quiet chosen-duties">{dutiesSentence(host)}</p>
      <h3 class="chosen-agents-title">
        {host.slots === 0 ? `${here.length} agents here` : `${here.length} of ${host.slots} places taken`}
      </h3>
      <ul class="chosen-agents">
        {here.slice(0, AGENTS_SHOWN).map((agent) => (
          <li key={agent.id}>
            <span>{agent.name}</span>
            <span class="quiet">
              {agentConditionText(agent.condition)}
              {agent.progress !== null && `, ${percentText(agent.progress)}`}
            </span>
          </li>
        ))}
        {here.length > AGENTS_SHOWN && <li class="quiet">and {here.length - AGENTS_SHOWN} more</li>}
      </ul>
      <div class="acts">
        {actsFor(host.condition, host.kind).map((act) => (
          <button
            key={act}
            type="button"
            class={act === 'kill' ? 'button button-small button-grave' : 'button button-small'}
            onClick={() => actions.act(chosen, act)}
          >
            {actText(act)}
          </button>
        ))}
        <button
          type="button"
          class="button button-small"
          aria-pressed={linking}
          onClick={() => onTool(linking ? 'look' : 'link')}
        >
          Cut or mend a link…
        </button>
      </div>
    </>
  )
}

/** The way to a host without a pointer or eyes: by the number in its name. */
function ByNumber({ hosts, onChoose }: { readonly hosts: number; onChoose(host: number): void }) {
  const [text, setText] = useState('')
  const number = Number(text)
  return (
    <form
      class="by-number"
      onSubmit={(event) => {
        event.preventDefault()
        if (Number.isInteger(number) && number >= 1 && number <= hosts) onChoose(number - 1)
      }}
    >
      <label for="host-number">By number</label>
      <input
        id="host-number"
        type="number"
        inputMode="numeric"
        min={1}
        max={Math.max(1, hosts)}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button button-small">
        Show
      </button>
    </form>
  )
}
