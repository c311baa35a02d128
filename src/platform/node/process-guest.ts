import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineCode } from '../../engine/machine.ts'
import type { HostMessage } from '../../sandbox/protocol.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import type { Cage } from './cage.ts'
import { packageRoot, readEngineCode } from './engine-files.ts'
import { FrameReader, frameOf } from './guest-frames.ts'
import type { Boot } from './process-entry.ts'

/** The host's end of a guest that runs in an operating system process of its own. */
export const processScriptPath = (): string => join(packageRoot(), 'dist/guest/process.cjs')

/** What a guest may send at once beside its memory: its words, its heap of answers that wait, the form of it all. */
const FRAME_REST_BYTES = 64 * 1024 * 1024

/**
 * Values in one message: the largest is an image, whose timers, answers and globals at their most are some 80,000. Stops: a
 * process that has fallen and says an order's worth of `[]`, on which its host would spend gigabytes.
 */
const FRAME_VALUES_MAX = 200_000

/** What a process is started with, read once. */
export interface ProcessScripts {
  readonly entry: string
  readonly guest: string
  readonly engineId: string
  /** A compiled engine does not cross a pipe. */
  readonly engine: EngineCode
}

export function readProcessScripts(guest: string): ProcessScripts {
  const { id, code } = readEngineCode()
  return { entry: readFileSync(processScriptPath(), 'utf8'), guest, engineId: id, engine: code }
}

export function startGuestProcess(
  cage: Cage,
  { entry, guest, engineId, engine }: ProcessScripts,
  events: WorkerEvents,
): WorkerLink {
  const child = cage.start(entry)
  const frames = new FrameReader({ bytesMax: FRAME_REST_BYTES, valuesMax: FRAME_VALUES_MAX })
  let ended = false
  const end = (reason: string): void => {
    if (ended) return
    ended = true
    child.kill('SIGKILL')
    events.died(reason)
  }
  const send = (message: Boot | HostMessage): void => {
    for (const piece of frameOf(message)) child.stdin?.write(piece)
  }
  child.stdin?.on('error', () => undefined)
  child.stdout?.on('data', (chunk: Uint8Array) => {
    if (ended) return
    const read = frames.take(chunk)
    if (!read.ok) return end(read.reason)
    for (const message of read.value) {
      if (ended) return
      const words = lastWords(message)
      if (words === null) events.message(message)
      else end(words)
    }
  })
  child.on('error', (error) => end(error.message))
  child.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `ended by ${signal}`))
  unref(child)
  send({ kind: 'boot', script: guest })
  return {
    post(message) {
      if (message.kind === 'start') frames.bounds.bytesMax = message.order.memoryBytesMax + FRAME_REST_BYTES
      if (message.kind !== 'prepare') send(message)
      else if (message.engineId === engineId) send({ ...message, engine })
      else end(`engine ${message.engineId} is not in the engine's folder`)
    },
    terminate() {
      ended = true
      child.kill('SIGKILL')
    },
  }
}

/** What the process says when its guest's thread has ended; believed as little as anything else it says. */
function lastWords(message: unknown): string | null {
  if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== 'died') return null
  return 'reason' in message && typeof message.reason === 'string' ? message.reason.slice(0, 1_000) : 'no reason given'
}

/** A waiting guest does not keep the host's process alive. */
function unref(child: ChildProcess): void {
  child.unref()
  for (const pipe of child.stdio) if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}
