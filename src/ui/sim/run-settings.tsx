import { useState } from 'preact/hooks'
import type { SimActions, SimSetup } from './sim-view.ts'

/** Everything a run is made from. The same settings give the same run, as long as nobody interferes. */
const HOSTS_MIN = 5
const HOSTS_MAX = 300
const AGENTS_MAX = 600
const SEED_MAX = 2 ** 31 - 1
const WITNESSES = [1, 3, 5] as const

export function RunSettings({ setup, actions }: { readonly setup: SimSetup; readonly actions: SimActions }) {
  const [draft, setDraft] = useState(setup)
  const change = (part: Partial<SimSetup>): void => setDraft({ ...draft, ...part })
  return (
    <section class="panel run" aria-labelledby="run-title">
      <h2 id="run-title">Another run</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          actions.restart(draft)
        }}
      >
        <Amount
          id="run-hosts"
          label="Hosts"
          min={HOSTS_MIN}
          max={HOSTS_MAX}
          value={draft.hosts}
          onChange={(hosts) => change({ hosts })}
        />
        <Amount
          id="run-agents"
          label="Agents"
          min={1}
          max={AGENTS_MAX}
          value={draft.agents}
          onChange={(agents) => change({ agents })}
        />
        <div class="field">
          <label for="run-seed">Seed</label>
          <input
            id="run-seed"
            type="number"
            inputMode="numeric"
            min={0}
            max={SEED_MAX}
            value={draft.seed}
            onChange={(event) =>
              change({ seed: Math.min(SEED_MAX, Math.max(0, Math.floor(Number(event.currentTarget.value) || 0))) })
            }
          />
        </div>
        <fieldset class="field">
          <legend>Witnesses of each agent</legend>
          <div class="segments">
            {WITNESSES.map((witnesses) => (
              <label key={witnesses}>
                <input
                  type="radio"
                  name="witnesses"
                  checked={draft.witnesses === witnesses}
                  onChange={() => change({ witnesses })}
                />
                <span>{witnesses}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="run-buttons">
          <button type="submit" class="button button-go">
            Start this run
          </button>
          <button
            type="button"
            class="button"
            onClick={() => actions.launch(Math.max(1, Math.round(draft.agents / 10)))}
          >
            Launch {Math.max(1, Math.round(draft.agents / 10))} more
          </button>
        </div>
      </form>
    </section>
  )
}

function Amount(props: {
  readonly id: string
  readonly label: string
  readonly min: number
  readonly max: number
  readonly value: number
  onChange(value: number): void
}) {
  const { id, label, min, max, value, onChange } = props
  return (
    <div class="slots">
      <label for={id}>{label}</label>
      <output for={id}>{value}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={1}
        value={value}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
    </div>
  )
}
