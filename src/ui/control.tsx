import type { PageActions, PageView } from './page-view.ts'
import { phaseText } from './wording.ts'

/** The one button, the sentence above it, and how many places to lend. */
export function Control({ view, actions }: { readonly view: PageView; readonly actions: PageActions }) {
  const { phase, held, host, settings } = view
  const sentence = phaseText(phase, held, host?.agents.length ?? 0, settings.slots)
  return (
    <section class={`panel control control-${phase}`} aria-labelledby="control-title">
      <h1 id="control-title" class="visually-hidden">
        This tab as a host
      </h1>
      <p class="control-state" role="status">
        <span class="lamp" aria-hidden="true" />
        <span>{sentence}</span>
      </p>
      <p class="control-hint">{hintText(view)}</p>
      <StartPause view={view} actions={actions} />
      <div class="slots">
        <label for="slots">Places to lend</label>
        <output for="slots">
          {settings.slots} of {settings.slotsMax}
        </output>
        <input
          id="slots"
          type="range"
          min={1}
          max={settings.slotsMax}
          step={1}
          value={settings.slots}
          onInput={(event) => actions.setSlots(Number(event.currentTarget.value))}
        />
        <p class="quiet">Each place is one agent at a time, and about one processor core.</p>
      </div>
    </section>
  )
}

/** Pressing it always turns round what the owner wants; it never goes dead, so the focus never falls off it. */
function StartPause({ view: { phase, held }, actions }: { readonly view: PageView; readonly actions: PageActions }) {
  const wanted = phase === 'lending' || phase === 'starting' || phase === 'waiting' || held !== null
  if (phase === 'draining')
    return (
      <button type="button" class="button button-main" aria-disabled="true">
        Handing over…
      </button>
    )
  return (
    <button
      type="button"
      class={wanted ? 'button button-main' : 'button button-main button-go'}
      onClick={wanted ? actions.pause : actions.start}
    >
      {wanted ? 'Pause' : phase === 'failed' || phase === 'elsewhere' ? 'Try again' : 'Start'}
    </button>
  )
}

function hintText({ phase, held, host, problem }: PageView): string {
  switch (phase) {
    case 'lending':
      return 'Close or pause whenever you like: agents move on, or go on from their last checkpoint.'
    case 'draining':
      return 'Each agent is frozen where it stands and sent to another host. What nobody takes is parked in this browser.'
    case 'starting':
      return 'Agents that were parked here go on by themselves.'
    case 'waiting':
      return 'It starts by itself as soon as there is an answer.'
    case 'elsewhere':
      return 'One host per browser is enough. Close the other tab, then start here.'
    case 'failed':
      return problem ?? 'The reason is unknown.'
    case 'resting':
      if (held !== null)
        return held === 'battery' ? 'It goes on by itself on mains power.' : 'It goes on by itself when you come back.'
      return (host?.agents.length ?? 0) > 0
        ? 'They go on where they stopped when you start again.'
        : 'No other host sees this tab while it is paused.'
    case 'asking':
      return ''
  }
}
