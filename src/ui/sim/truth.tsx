import { amountText } from '../wording.ts'
import type { SimPageView, SimViolation } from './sim-view.ts'
import { figuresOf, truthSentence } from './sim-wording.ts'

/** The truth at all times: what has become of every agent. Two of the numbers must stay nought. */
export function Truth({ view }: { readonly view: SimPageView }) {
  const { frame } = view
  const counts = frame?.counts ?? NONE
  const bad = view.phase === 'failed' || frame?.violation || counts.lost > 0 || counts.doubled > 0
  return (
    <section class={`panel truth${bad ? ' truth-bad' : frame ? ' truth-good' : ''}`} aria-labelledby="truth-title">
      <h2 id="truth-title" class="visually-hidden">
        What has become of the agents
      </h2>
      <p class="truth-sentence">
        <span class="lamp" aria-hidden="true" />
        <span>{truthSentence(view)}</span>
      </p>
      {frame?.violation && <Violation violation={frame.violation} />}
      <dl class="totals truth-figures">
        {figuresOf(counts).map(({ term, value, title, mustBeNought }) => (
          <div key={term} title={title} class={mustBeNought ? (value === 0 ? 'figure-good' : 'figure-bad') : undefined}>
            <dt>{term}</dt>
            <dd>{amountText(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

const NONE = {
  launched: 0,
  running: 0,
  endedRight: 0,
  lost: 0,
  doubled: 0,
  falsified: 0,
  recovered: 0,
  hopped: 0,
  checks: 0,
  events: 0,
}

function Violation({ violation }: { readonly violation: SimViolation }) {
  return (
    <div class="violation" role="alert">
      <p>{violation.what}</p>
      <p>
        Seed {violation.seed}. What is done by hand has no command; the same faults, from the seed:{' '}
        <code>{violation.command}</code>
      </p>
    </div>
  )
}
