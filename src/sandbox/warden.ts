import { assert } from '../base/assert.ts'
import { utf8Length } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Timer, Timers } from '../base/timers.ts'
import { createTokenBucket, type TokenBucket } from '../base/token-bucket.ts'
import { WASM_PAGE_BYTES } from '../checkpoint/limits.ts'
import type { Delivery, MachineImage, Place } from '../engine/image.ts'
import { type Bounds, boundsOf } from './bounds.ts'
import { changesBetween, isReference, mergePages } from './image-delta.ts'
import {
  ANSWER_LENGTH_MAX,
  BEAT_LATE_MS,
  BEAT_MS,
  HASH_MS_MAX,
  IMAGE_BYTES_PER_MS,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  RATE_BACKLOG_MS,
  RATE_SLACK,
  START_MS_MAX,
  TEXT_BYTES_BURST,
  TEXT_BYTES_PER_SECOND,
  WATCHDOG_MS,
} from './limits.ts'
import { packImage } from './packed-image.ts'
import type { Guest, GuestEvent, GuestFailure, GuestLimit, GuestOrder } from './port.ts'
import { type GuestReport, type HostMessage, parseGuestMessage } from './protocol.ts'
import type { ReportedInput } from './reported-inputs.ts'
import { SentInputs } from './sent-inputs.ts'

/**
 * The host's side of one guest, in any realm: sends the order, judges every message, counts what the guest sends, and
 * ends the worker when it breaks the protocol, floods or falls silent. It believes a guest only about the guest itself.
 */
export interface WorkerLink {
  post(message: HostMessage, transfer: readonly ArrayBuffer[]): void
  /** Ends the worker at once, whatever it is doing; harmless when it has ended. */
  terminate(): void
}

/** What a worker brings to whoever holds it. */
export interface WorkerEvents {
  message(message: unknown): void
  /** The worker ended or failed by itself. */
  died(reason: string): void
}

export interface WardenPowers {
  readonly clock: Clock
  readonly timers: Timers
}

export class Warden implements Guest, WorkerEvents {
  readonly #link: WorkerLink
  /** What every message is judged by. */
  #bounds: Bounds
  readonly #powers: WardenPowers
  readonly #onEvent: (event: GuestEvent) => void
  readonly #messages: TokenBucket
  readonly #textBytes: TokenBucket
  #againUntil: number
  /** What a guest that has not run yet was thawed from. */
  #standingAt: MachineImage | null
  #patching = 0
  /** The image that the guest's next one may be a change of; null where it is sent whole. */
  #before: Pick<MachineImage, 'pages' | 'memoryPages'> | null = null
  #state: 'starting' | 'standing' | 'running' | 'ended' = 'starting'
  #runAtReady = false
  /** One entry for each freeze that is not answered yet: whether a run was sent after it. */
  readonly #freezes: { runAfter: boolean; waitedMs: number; readonly sent: number }[] = []
  /** Null where nothing is recorded or repeated. */
  readonly #sent: SentInputs | null
  /** What the guest has said of the trace that ends with its next message. */
  #reported: readonly ReportedInput[] | null = null
  #saidFull = false
  /** Whether any piece has come since it began or stood still. */
  #hasTold = false
  readonly #replays: boolean
  readonly #tells: boolean
  #lastRequest = 0
  #fuelUsed: number
  #sentBytes = 0
  #heard = true
  #silentMs = 0
  #beat: Timer
  #beatDueMs = 0

  constructor(link: WorkerLink, order: GuestOrder, onEvent: (event: GuestEvent) => void, powers: WardenPowers) {
    this.#link = link
    this.#bounds = boundsOf(order)
    this.#sent = order.record || order.durable || order.replay ? new SentInputs(order) : null
    this.#tells = order.durable === true
    this.#replays = order.replay !== undefined
    this.#sentBytes = order.replay?.from.sentBytes ?? 0
    this.#onEvent = onEvent
    this.#powers = powers
    const { clock } = powers
    // A piece can come before every word.
    const perWord = this.#tells ? 2 : 1
    this.#messages = slackBucket(clock, perWord * MESSAGES_BURST, perWord * MESSAGES_PER_SECOND)
    this.#textBytes = slackBucket(clock, TEXT_BYTES_BURST, TEXT_BYTES_PER_SECOND)
    this.#againUntil = order.image?.nextRequest ?? 0
    this.#fuelUsed = Number(order.image?.fuelUsed ?? 0n)
    this.#standingAt = order.image
    this.#beat = this.#nextBeat()
    const { label: _, image, ...rest } = order
    const { packed, transfer } = image ? packImage(image) : { packed: null, transfer: [] }
    link.post({ kind: 'start', order: { ...rest, image: packed } }, transfer)
    if (image) this.#remember(image)
  }

  #remember({ pages, memoryPages }: MachineImage): void {
    this.#before = isReference(pages.size, memoryPages * WASM_PAGE_BYTES) ? { pages, memoryPages } : null
  }

  run(): void {
    if (this.#state === 'ended') return
    // The guest reads its messages in order, so what a run means depends on what was sent before it.
    const lastFreeze = this.#freezes.at(-1)
    if (lastFreeze) lastFreeze.runAfter = true
    else if (this.#state === 'starting') this.#runAtReady = true
    else this.#state = 'running'
    this.#standingAt = null
    this.#link.post({ kind: 'run' }, [])
  }

  freeze(): void {
    if (this.#state === 'ended') return
    assert(!this.#replays, 'a guest that repeats a trace is not frozen')
    this.#freezes.push({ runAfter: false, waitedMs: 0, sent: this.#sent?.count ?? 0 })
    this.#link.post({ kind: 'freeze' }, [])
  }

  deliver({ request, outcome }: Delivery): void {
    if (this.#state === 'ended') return
    const length = outcome.ok ? outcome.valueJson.length : outcome.reason.length
    // An image could not hold it while it waits, and the guest would be blamed for it.
    const fitting =
      length <= ANSWER_LENGTH_MAX
        ? outcome
        : ({
            ok: false,
            code: 'QUOTA',
            reason: `answer length ${length} > ANSWER_LENGTH_MAX ${ANSWER_LENGTH_MAX}`,
          } as const)
    const delivery = { request, outcome: fitting }
    if (this.#sent?.deliver(delivery) !== false) this.#link.post({ kind: 'deliver', delivery }, [])
  }

  limit({ fuelMax, sentBytesMax }: GuestLimit): void {
    if (this.#state === 'ended') return
    this.#sent?.limit({ fuelMax, sentBytesMax })
    this.#bounds = { ...this.#bounds, fuelMax, sentBytesMax }
    this.#link.post({ kind: 'limit', limit: { fuelMax, sentBytesMax } }, [])
  }

  patch(image: MachineImage): void {
    if (this.#state === 'ended') return
    assert(this.#standingAt !== null, 'only a thawed guest that has not run is patched')
    const { changed, gone } = changesBetween(this.#standingAt.pages, image.pages)
    this.#standingAt = image
    this.#sent?.restart(image, this.#sentBytes)
    this.#againUntil = image.nextRequest
    this.#fuelUsed = Number(image.fuelUsed)
    this.#patching += 1
    const { packed, transfer } = packImage({ ...image, pages: changed })
    this.#link.post({ kind: 'patch', image: packed, gone }, transfer)
    this.#remember(image)
  }

  terminate(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#beat.cancel()
    this.#link.terminate()
  }

  died(reason: string): void {
    this.#fail('TRAP', `worker ended: ${reason}`)
  }

  message(message: unknown): void {
    if (this.#state === 'ended') return
    this.#heard = true
    if (!this.#messages.take(1)) return this.#fail('BREACH', `messages > ${MESSAGES_PER_SECOND} a second`)
    const parsed = parseGuestMessage(message)
    if (!parsed.ok) return this.#fail('BREACH', parsed.reason)
    const report = parsed.value
    if (report.kind === 'inputs') return this.#note(report.inputs)
    if (report.kind === 'told') return this.#tell(report)
    const whole = this.#whole(report)
    if (typeof whole === 'string') return this.#fail('BREACH', whole)
    const fault = this.#faultOf(whole)
    if (fault) return this.#fail(fault.code, fault.reason)
    const event = this.#traced(whole)
    if (typeof event === 'string') return this.#fail('BREACH', event)
    if (event.kind === 'frozen') this.#remember(event.image)
    this.#pass(event)
  }

  #note(inputs: readonly ReportedInput[]): void {
    if (!this.#sent || this.#replays) return this.#fail('BREACH', 'inputs that nobody records')
    if (this.#reported) return this.#fail('BREACH', 'inputs twice')
    this.#reported = inputs
  }

  #tell({ inputs, until }: Extract<GuestReport, { kind: 'told' }>): void {
    const piece = this.#faultOfPlace(until) ?? this.#sent?.tell(inputs, until, this.#sentBytes) ?? 'nobody records'
    if (typeof piece === 'string') return this.#fail('BREACH', piece)
    this.#fuelUsed = until.fuelUsed
    this.#hasTold = true
    this.#onEvent({ kind: 'told', piece })
  }

  #faultOfPlace({ fuelUsed }: Place): string | null {
    if (!this.#tells) return 'a piece that nobody wants'
    if (this.#state !== 'running') return 'told while standing still'
    if (this.#reported) return 'inputs before told'
    if (fuelUsed < this.#fuelUsed) return `told at fuel ${fuelUsed} < ${this.#fuelUsed}`
    const { fuelMax } = this.#bounds
    return fuelUsed > fuelMax ? `told at fuel ${fuelUsed} > fuelMax ${fuelMax}` : null
  }

  /** With the trace that the event ends, where it ends one. Or the breach. */
  #traced(event: Said): Said | string {
    const sent = this.#sent
    // A program that did not load has no trace: nothing reached it.
    if (!sent || this.#state === 'starting') return event
    if (event.kind === 'call' || event.kind === 'console' || event.kind === 'finished') sent.effect(event)
    if (event.kind !== 'frozen' && event.kind !== 'finished' && event.kind !== 'failed')
      return this.#reported ? `inputs before ${event.kind}` : event
    const inputs = this.#reported ?? (this.#replays ? [] : null)
    if (!inputs) return `${event.kind} without its inputs`
    this.#reported = null
    this.#saidFull = false
    const until =
      event.kind === 'frozen'
        ? { fuelUsed: Number(event.image.fuelUsed), standing: event.image.standing }
        : ({ fuelUsed: event.fuelUsed, standing: 'end' } as const)
    const atLeast = event.kind === 'frozen' ? (this.#freezes[0]?.sent ?? 0) : 0
    const taken = sent.take(inputs, until, atLeast, this.#sentBytes)
    if (typeof taken === 'string') return taken
    if (taken.piece) this.#onEvent({ kind: 'told', piece: taken.piece })
    this.#hasTold = false
    return { ...event, trace: taken.trace }
  }

  /** What the guest has told of a large image is what has changed in it: the event has all of it. Or the breach. */
  #whole(report: Exclude<GuestReport, { kind: 'inputs' | 'told' }>): Said | string {
    if (report.kind !== 'frozen') return report
    const { kind, image, gone } = report
    if (gone === null) return { kind, image }
    if (!this.#before) return 'a change of an image that was not sent'
    if (image.memoryPages < this.#before.memoryPages) return 'the memory has become smaller'
    const pages = mergePages(this.#before.pages, image.pages, gone)
    return typeof pages === 'string' ? pages : { kind, image: { ...image, pages } }
  }

  /** What the message alone cannot show: whether it belongs here now, and what it adds up to. */
  #faultOf(event: Said): { code: GuestFailure; reason: string } | null {
    const breach = (reason: string) => ({ code: 'BREACH', reason }) as const
    const { fuelMax } = this.#bounds
    if (event.kind === 'ready') return this.#state === 'starting' || this.#patching > 0 ? null : breach('ready twice')
    if (this.#state === 'starting' && event.kind !== 'failed') return breach(`${event.kind} before ready`)
    if (event.kind === 'pulse' || event.kind === 'finished' || event.kind === 'failed') {
      if (event.fuelUsed < this.#fuelUsed) return breach(`fuelUsed ${event.fuelUsed} < ${this.#fuelUsed}`)
      if (event.fuelUsed > fuelMax && event.kind !== 'failed')
        return breach(`fuelUsed ${event.fuelUsed} > fuelMax ${fuelMax}`)
      this.#fuelUsed = event.fuelUsed
      if (event.kind === 'failed' && event.code === 'ASTRAY' && !this.#replays) return breach('astray from nothing')
      if (event.kind === 'pulse' || event.kind === 'failed') return null
    }
    if (event.kind === 'frozen') return this.#faultOfImage(event.image)
    if (this.#state !== 'running') return breach(`${event.kind} while standing still`)
    if (this.#tells && !this.#hasTold && (event.kind === 'call' || event.kind === 'console'))
      return breach(`${event.kind} before what it comes of is told`)
    if (event.kind === 'full') return this.#sent && !this.#replays ? null : breach('full of nothing')
    if (event.kind === 'call') {
      const { request } = event.call
      if (request <= this.#lastRequest) return breach(`request ${request} <= ${this.#lastRequest}`)
      if (event.again !== request < this.#againUntil) return breach(`request ${request} again: ${event.again}`)
      this.#lastRequest = request
      if (event.again) return null
    }
    return this.#charge(
      utf8Length(
        event.kind === 'call' ? event.call.argsJson : event.kind === 'console' ? event.text : event.resultJson,
      ),
    )
  }

  #charge(bytes: number): { code: GuestFailure; reason: string } | null {
    this.#sentBytes += bytes
    const { sentBytesMax } = this.#bounds
    if (this.#sentBytes > sentBytesMax)
      return { code: 'QUOTA', reason: `sentBytes ${this.#sentBytes} > sentBytesMax ${sentBytesMax}` }
    if (!this.#textBytes.take(bytes)) return { code: 'BREACH', reason: `textBytes > ${TEXT_BYTES_PER_SECOND} a second` }
    return null
  }

  #faultOfImage(image: MachineImage): { code: GuestFailure; reason: string } | null {
    const breach = (reason: string) => ({ code: 'BREACH', reason }) as const
    const { engineId, hops, memoryBytesMax, kernels, fuelMax } = this.#bounds
    if (this.#freezes.length === 0 && !hops) return breach('frozen without being asked')
    if (image.engineId !== engineId) return breach(`image of engine ${image.engineId}`)
    const stranger = image.kernels.find(({ name }) => !kernels.has(name))
    if (stranger) return breach(`image has an unknown kernel "${stranger.name}"`)
    const memoryPages = image.kernels.reduce((sum, kernel) => sum + kernel.memoryPages, image.memoryPages)
    if (memoryPages * WASM_PAGE_BYTES > memoryBytesMax)
      return breach(`image memory ${memoryPages * WASM_PAGE_BYTES} > memoryBytesMax ${memoryBytesMax}`)
    if (image.fuelUsed < BigInt(this.#fuelUsed)) return breach(`image fuelUsed ${image.fuelUsed} < ${this.#fuelUsed}`)
    if (image.fuelUsed > BigInt(fuelMax)) return breach(`image fuelUsed ${image.fuelUsed} > fuelMax ${fuelMax}`)
    this.#fuelUsed = Number(image.fuelUsed)
    return null
  }

  #pass(event: Said): void {
    switch (event.kind) {
      case 'ready':
        if (this.#state !== 'starting') this.#patching -= 1
        else this.#state = this.#runAtReady ? 'running' : 'standing'
        break
      case 'full':
        if (this.#saidFull) return
        this.#saidFull = true
        break
      case 'frozen':
        this.#state = this.#replays || this.#freezes.shift()?.runAfter ? 'running' : 'standing'
        break
      case 'finished':
      case 'failed':
        this.terminate()
        break
    }
    if (event.kind === 'frozen')
      for (const delivery of this.#sent?.takeWaiting() ?? []) this.#link.post({ kind: 'deliver', delivery }, [])
    this.#onEvent(event)
    // Not in the middle of what the host does: it has just sent the answer that was too much.
    if (this.#sent?.isLong && !this.#saidFull && this.#state === 'running') this.#pass({ kind: 'full' })
  }

  #nextBeat(): Timer {
    const { clock, timers } = this.#powers
    this.#beatDueMs = clock.nowMs() + BEAT_MS
    return timers.after(BEAT_MS, () => this.#onBeat())
  }

  #onBeat(): void {
    assert(this.#state !== 'ended', 'the beat goes on after the end')
    const inTime = this.#powers.clock.nowMs() - this.#beatDueMs < BEAT_LATE_MS
    if (this.#heard) this.#silentMs = 0
    else if (inTime) this.#silentMs += BEAT_MS
    const starting = this.#state === 'starting'
    const imageMs = this.#freezes.length > 0 ? this.#bounds.memoryBytesMax / IMAGE_BYTES_PER_MS : 0
    const patience = (this.#bounds.hashes ? HASH_MS_MAX : WATCHDOG_MS) + Math.ceil(imageMs)
    const silentMax = starting ? START_MS_MAX : patience
    if (this.#silentMs >= silentMax) {
      const what = starting ? 'not ready' : 'no answer'
      return this.#fail('UNRESPONSIVE', `${what} for ${this.#silentMs} ms >= ${silentMax}`)
    }
    if (inTime) for (const freeze of this.#freezes) freeze.waitedMs += BEAT_MS
    const waitedMs = starting ? 0 : (this.#freezes[0]?.waitedMs ?? 0)
    // It may go on talking and still not freeze; one that freezes does so within a slice.
    if (waitedMs > patience) return this.#fail('UNRESPONSIVE', `freeze not answered for ${waitedMs} ms > ${patience}`)
    this.#heard = false
    this.#link.post({ kind: 'ping' }, [])
    this.#beat = this.#nextBeat()
  }

  #fail(code: GuestFailure, reason: string): void {
    if (this.#state === 'ended') return
    this.terminate()
    this.#onEvent({ kind: 'failed', code, reason, fuelUsed: this.#fuelUsed })
  }
}

/** A piece comes of a message before which, or inside which, it is told. */
type Said = Exclude<GuestEvent, { kind: 'told' }>

const slackBucket = (clock: Clock, burst: number, perSecond: number): TokenBucket =>
  createTokenBucket(clock, (burst + (perSecond * RATE_BACKLOG_MS) / 1000) * RATE_SLACK, perSecond * RATE_SLACK)
