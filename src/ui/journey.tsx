/** The picture of the first visit: a path of hops above and below a line of hosts, with one traveller on its way. */
const PATH =
  'M24 60C24 14 124 14 124 60C124 106 224 106 224 60C224 14 324 14 324 60C324 106 424 106 424 60C424 14 524 14 524 60'
const HOSTS = [124, 224, 324, 424]

export function Journey() {
  return (
    <svg class="journey" viewBox="0 0 548 120" aria-hidden="true">
      <line class="map-line" x1="4" x2="544" y1="60" y2="60" />
      <path class="journey-path" d={PATH} />
      {HOSTS.map((x) => (
        <circle key={x} class="journey-host" cx={x} cy="60" r="6" />
      ))}
      <circle class="journey-start" cx="24" cy="60" r="7" />
      <circle class="journey-end" cx="524" cy="60" r="9" />
      <path class="journey-traveller" d={PATH} pathLength={1} />
    </svg>
  )
}
