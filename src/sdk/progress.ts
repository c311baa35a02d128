/** The smallest change of the fraction that is told. */
const PROGRESS_STEP = 0.001
/** Reports under way; the engine allows an agent 1,024 unanswered calls of all kinds. */
const PROGRESS_WAITING_MAX = 256
/** Characters; the host refuses longer notes. */
const NOTE_LENGTH_MAX = 256

type Tell = (args: { readonly fraction: number; readonly note: string }) => Promise<unknown>

/** Keeps a loop that reports at every turn from drowning its host: few reports, none of them the last one lost. */
export class Progress {
  readonly #tell: Tell
  #fraction = -1
  #note = ''
  #waiting = 0
  #later: { readonly fraction: number; readonly note: string } | null = null

  constructor(tell: Tell) {
    this.#tell = tell
  }

  report(alleged: number, words: string): void {
    const fraction = Math.min(1, Math.max(0, Number(alleged) || 0))
    const note = String(words).slice(0, NOTE_LENGTH_MAX)
    const isSmall = Math.abs(fraction - this.#fraction) < PROGRESS_STEP && !(fraction === 1 && this.#fraction < 1)
    if (isSmall && note === this.#note) return
    if (this.#waiting >= PROGRESS_WAITING_MAX) this.#later = { fraction, note }
    else this.#send(fraction, note)
  }

  #send(fraction: number, note: string): void {
    this.#fraction = fraction
    this.#note = note
    this.#later = null
    this.#waiting += 1
    const settled = (): void => {
      this.#waiting -= 1
      if (this.#later) this.#send(this.#later.fraction, this.#later.note)
    }
    this.#tell({ fraction, note }).then(settled, settled)
  }
}
