import type { Cid } from '../base/digest.ts'
import type { HashedPages } from '../checkpoint/hashed.ts'
import { sealCheckpoint } from '../checkpoint/seal.ts'
import type { MachineImage, Place } from '../engine/image.ts'
import type { GuestEvent, GuestFailure, GuestOrder, Sandbox } from './port.ts'
import { type EffectsDigest, NO_EFFECTS, type Trace } from './trace.ts'

/**
 * Does a segment once more, in a guest of its own: what ran on some host from one image to the next, or from the program's
 * beginning, or to its end. What an honest host did comes out the same to the last bit; what comes out otherwise was not done
 * by this program from this image with these inputs. Whose segment it is and what is done about it is not decided here.
 */
export interface Segment {
  /** What fixes a run besides image and inputs. */
  readonly program: Pick<
    GuestOrder,
    'label' | 'engineId' | 'code' | 'kernels' | 'inputJson' | 'seed' | 'startMs' | 'memoryBytesMax' | 'depth'
  >
  readonly image: MachineImage | null
  readonly trace: Pick<Trace, 'from' | 'inputs' | 'until'>
}

export type ReplayOutcome =
  | {
      readonly kind: 'frozen'
      readonly root: Cid
      readonly image: MachineImage
      readonly fuelUsed: number
      readonly effects: EffectsDigest
    }
  | {
      readonly kind: 'finished'
      readonly resultJson: string
      readonly fuelUsed: number
      readonly effects: EffectsDigest
    }
  /**
   * The program's own failure, or ASTRAY where there is no such run; after LOAD, UNRESPONSIVE or BREACH it could not be
   * looked at to the end, which says nothing about who ran it first.
   */
  | {
      readonly kind: 'failed'
      readonly code: GuestFailure
      readonly reason: string
      readonly fuelUsed: number
      readonly effects: EffectsDigest
    }

/** The state at the first safepoint with more fuel than a mark. */
export interface Sight extends Place {
  readonly mark: number
  readonly root: Cid
  readonly image: MachineImage
}

export type Word = Extract<GuestEvent, { kind: 'call' | 'console' }>

export interface ReplayOptions {
  /** Ascending; what is seen there comes before the outcome. */
  readonly marks?: readonly number[]
  onSight?(sight: Sight): void
  /** What the program says on the way, in order; what it had said before and is reported again is left out. */
  onWord?(word: Word): void
  /** Given the way to end the replay at once; the promise then never settles. */
  onStart?(terminate: () => void): void
}

export function replaySegment(
  sandbox: Sandbox,
  { program, image, trace }: Segment,
  { marks = [], onSight, onWord, onStart }: ReplayOptions = {},
): Promise<ReplayOutcome> {
  const { from, inputs, until } = trace
  let hashed: HashedPages | undefined
  let seen = 0
  return new Promise((resolve) => {
    const guest = sandbox.spawn(
      {
        ...program,
        image,
        fuelMax: from.fuelMax,
        sentBytesMax: from.sentBytesMax,
        pace: 'virtual',
        replay: { from, inputs, until, marks },
      },
      (event) => {
        const effects = 'trace' in event ? (event.trace?.effects ?? NO_EFFECTS) : NO_EFFECTS
        switch (event.kind) {
          case 'call':
            return event.again ? undefined : onWord?.(event)
          case 'console':
            return onWord?.(event)
          case 'frozen': {
            const sealed = sealCheckpoint(event.image, hashed)
            hashed = sealed.hashed
            const { root } = sealed
            const { standing } = event.image
            const fuelUsed = Number(event.image.fuelUsed)
            const mark = marks[seen++]
            if (mark !== undefined) return onSight?.({ mark, fuelUsed, standing, root, image: event.image })
            guest.terminate()
            return resolve({ kind: 'frozen', root, image: event.image, fuelUsed, effects })
          }
          case 'finished':
            return resolve({ kind: 'finished', resultJson: event.resultJson, fuelUsed: event.fuelUsed, effects })
          case 'failed':
            return resolve({
              kind: 'failed',
              code: event.code,
              reason: event.reason,
              fuelUsed: event.fuelUsed,
              effects,
            })
        }
      },
    )
    onStart?.(() => guest.terminate())
    guest.run()
  })
}
