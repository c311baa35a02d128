import type { SimFrame } from './sim-view.ts'
import { conditionText, talliesOf, underWaySentence } from './sim-wording.ts'

/** The picture in numbers: for who cannot see it, and for who wants to count. */
export function InWords({ frame }: { readonly frame: SimFrame | null }) {
  const tallies = frame ? talliesOf(frame) : []
  const orphans = frame?.agents.filter(({ condition }) => condition === 'orphaned').length ?? 0
  const travelling = frame?.agents.filter(({ condition }) => condition === 'travelling').length ?? 0
  return (
    <section class="panel in-words" aria-labelledby="words-title">
      <h2 id="words-title">The picture in numbers</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Hosts</th>
            <th scope="col">Edge workers</th>
            <th scope="col">Tabs</th>
            <th scope="col">Launchers</th>
          </tr>
        </thead>
        <tbody>
          {tallies.map(({ condition, edge, tab, launcher }) => (
            <tr key={condition}>
              <th scope="row">{conditionText(condition)}</th>
              <td>{edge}</td>
              <td>{tab}</td>
              <td>{launcher}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">{underWaySentence(travelling, orphans, frame?.cutLinks.length ?? 0)}</p>
    </section>
  )
}
