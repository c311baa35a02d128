import type { Report } from '../../../sim/report.ts'

const seedsText = (seeds: number): string => (seeds === 1 ? '1 seed' : `${seeds} seeds`)

/** What many seeds come to together. */
export class Tally {
  readonly #secondsEach: number
  readonly #startedMs = performance.now()
  readonly #sometimes = new Map<string, number>()
  #seeds = 0
  #failed = 0
  #events = 0
  #results = 0

  constructor(secondsEach: number) {
    this.#secondsEach = secondsEach
  }

  add({ ok, events, results, sometimes }: Report): void {
    this.#seeds += 1
    if (!ok) this.#failed += 1
    this.#events += events
    this.#results += results
    for (const [name, n] of Object.entries(sometimes)) this.#sometimes.set(name, (this.#sometimes.get(name) ?? 0) + n)
  }

  get #wallSeconds(): number {
    return (performance.now() - this.#startedMs) / 1_000
  }

  /** Simulated seconds in a second of the wall clock, both runs of each seed counted. */
  get #ratio(): number {
    return (2 * this.#seeds * this.#secondsEach) / this.#wallSeconds
  }

  line(left: number): string {
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : ''
    return `${seedsText(this.#seeds)}${failed}, ${left} left, ${Math.round(this.#ratio)} simulated seconds a second`
  }

  summary(): object {
    return {
      ok: this.#failed === 0,
      seeds: this.#seeds,
      failed: this.#failed,
      events: this.#events,
      results: this.#results,
      wallSeconds: Math.round(this.#wallSeconds * 10) / 10,
      ratio: Math.round(this.#ratio),
      sometimes: Object.fromEntries(this.#sometimes),
    }
  }

  text(smallest: string | null): string[] {
    const rare = [...this.#sometimes].filter(([name]) => !name.startsWith('fault '))
    return [
      `${seedsText(this.#seeds)} of ${this.#secondsEach} simulated seconds, each twice: ${this.#failed === 0 ? 'no invariant violated' : `${this.#failed} failed`}`,
      `${this.#events} events, ${this.#results} agents ended as in a failure-free run`,
      `sometimes: ${rare.map(([name, n]) => `${name} ${n}`).join(', ')}`,
      `${Math.round(this.#wallSeconds)} s, ${Math.round(this.#ratio)} simulated seconds a second`,
      ...(smallest === null ? [] : [`the smallest run that fails alike: ${smallest}`]),
    ]
  }
}
