import type { Tool } from './picture.tsx'
import { type SimActions, type SimPageView, SPEEDS } from './sim-view.ts'
import { clockText, rateText, speedText } from './sim-wording.ts'

/** Time and the two tools that work on the picture as a whole. */
interface Props {
  readonly view: SimPageView
  readonly actions: SimActions
  readonly tool: Tool
  readonly parted: boolean
  onTool(tool: Tool): void
  onHeal(): void
}

export function Transport({ view, actions, tool, onTool, onHeal }: Props) {
  const { phase, speed, frame } = view
  const playing = phase === 'playing'
  const ready = phase === 'playing' || phase === 'paused'
  return (
    <div class="transport">
      <div class="transport-time">
        <button
          type="button"
          class={playing ? 'button' : 'button button-go'}
          aria-disabled={!ready}
          onClick={playing ? actions.pause : actions.play}
        >
          {playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" class="button" aria-disabled={!ready || playing} onClick={actions.step}>
          Step
        </button>
        <p class="transport-clock">
          <span class="clock">{clockText(frame?.nowMs ?? 0)}</span>
          <span class="quiet">{rateText(view)}</span>
        </p>
      </div>
      <fieldset class="segments">
        <legend class="visually-hidden">Speed</legend>
        {SPEEDS.map((choice) => (
          <label key={choice}>
            <input type="radio" name="speed" checked={choice === speed} onChange={() => actions.setSpeed(choice)} />
            <span>{speedText(choice)}</span>
          </label>
        ))}
      </fieldset>
      <div class="transport-tools">
        <button
          type="button"
          class="button button-small"
          aria-pressed={tool === 'cut'}
          onClick={() => onTool(tool === 'cut' ? 'look' : 'cut')}
        >
          Cut in two
        </button>
        <button type="button" class="button button-small" onClick={onHeal}>
          Heal all
        </button>
      </div>
    </div>
  )
}
