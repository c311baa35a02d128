import { type ReadonlySignal, signal } from '@preact/signals'
import type { Clock } from '../../base/clock.ts'
import type { SimActions, SimFrame, SimPageView, SimSetup } from '../../ui/sim/sim-view.ts'
import { DRAW_MS, SIM_NEWS_MAX } from './limits.ts'
import type { SimOrder, SimReport } from './sim-orders.ts'

/**
 * The window's side of the simulator: turns what the web worker reports into what the page shows, and what a person does
 * into orders. The picture gets every frame, the words follow a few times a second.
 */
export interface SimSession {
  readonly view: ReadonlySignal<SimPageView>
  readonly frames: ReadonlySignal<SimFrame | null>
  readonly actions: SimActions
  take(report: SimReport): void
  setHidden(hidden: boolean): void
}

export function createSession(
  setup: SimSetup,
  clock: Clock,
  order: (order: SimOrder) => void,
  remember: (setup: SimSetup) => void,
): SimSession {
  const frames = signal<SimFrame | null>(null)
  const view = signal<SimPageView>({
    phase: 'building',
    setup,
    speed: 1,
    rate: 0,
    faults: [],
    news: [],
    frame: null,
    problem: null,
  })
  const change = (part: Partial<SimPageView>): void => {
    view.value = { ...view.peek(), ...part }
  }
  let news = view.peek().news
  let drawnMs = Number.NEGATIVE_INFINITY

  function take(report: SimReport): void {
    if (report.kind === 'failed') return change({ phase: 'failed', problem: report.reason })
    const { frame } = report
    frames.value = frame
    if (frame.news.length > 0) news = [...[...frame.news].reverse(), ...news].slice(0, SIM_NEWS_MAX)
    if (report.kind === 'built') {
      news = [...frame.news].reverse()
      change({ phase: 'paused', faults: report.faults, frame, news })
      actions.play()
      return
    }
    const playing = view.peek().phase === 'playing'
    if (frame.violation) return change({ phase: 'broken', frame, news, rate: 0 })
    if (playing && clock.nowMs() - drawnMs < DRAW_MS) return
    drawnMs = clock.nowMs()
    change({ frame, news, rate: playing ? report.rate : 0 })
  }

  const actions: SimActions = {
    restart(next) {
      news = []
      change({ phase: 'building', setup: next, news, frame: null, problem: null })
      remember(next)
      order({ kind: 'play', playing: false })
      order({ kind: 'start', setup: next })
    },
    play() {
      if (view.peek().phase !== 'paused') return
      change({ phase: 'playing' })
      order({ kind: 'play', playing: true })
    },
    pause() {
      if (view.peek().phase !== 'playing') return
      change({ phase: 'paused', rate: 0 })
      order({ kind: 'play', playing: false })
    },
    step: () => {
      if (view.peek().phase === 'paused') order({ kind: 'step' })
    },
    setSpeed(speed) {
      change({ speed })
      order({ kind: 'speed', speed })
    },
    switchFault: (id, on) => order({ kind: 'fault', id, on }),
    act: (host, act) => order({ kind: 'act', host, act }),
    setLink: (a, b, whole) => order({ kind: 'link', a, b, whole }),
    partition: (groups) => order({ kind: 'partition', groups }),
    launch: (agents) => order({ kind: 'launch', agents }),
    healAll: () => order({ kind: 'heal' }),
  }
  return { view, frames, actions, take, setHidden: (hidden) => order({ kind: 'hidden', hidden }) }
}
