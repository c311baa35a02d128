import type { SimNews } from './sim-view.ts'
import { clockText } from './sim-wording.ts'

/** The newest events in words. What a person did is also said aloud; the rest would never stop. */
const SHOWN = 9
/** Hops and ends of a cluster in a hurry would drown what is rarer. */
const USUAL_SHOWN = 4

export function News({ news }: { readonly news: readonly SimNews[] }) {
  const deed = news.find(({ kind }) => kind === 'fault' || kind === 'heal' || kind === 'break')
  return (
    <section class="panel sim-news" aria-labelledby="news-title">
      <h2 id="news-title">What happens</h2>
      <ol class="news">
        {chosenOf(news).map(({ atMs, kind, text }, i) => (
          <li key={`${atMs} ${text} ${i}`} class={`news-${kind}`}>
            <span class="news-time">{clockText(atMs)}</span>
            <span class="news-dot" aria-hidden="true" />
            <span class="news-text">{text}</span>
          </li>
        ))}
        {news.length === 0 && <li class="empty">Nothing yet. Press Play.</li>}
      </ol>
      <p class="visually-hidden" aria-live="polite">
        {deed?.text}
      </p>
    </section>
  )
}

function chosenOf(news: readonly SimNews[]): readonly SimNews[] {
  let usual = 0
  return news.filter(({ kind }) => (kind !== 'hop' && kind !== 'end') || ++usual <= USUAL_SHOWN).slice(0, SHOWN)
}
