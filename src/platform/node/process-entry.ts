import type { HostMessage } from '../../sandbox/protocol.ts'
import { FrameReader, frameOf } from './guest-frames.ts'
import { startGuestThread } from './guest-thread.ts'

/**
 * The main thread of a guest's own process: passes messages between the pipe to the host and the guest, which runs in a worker
 * thread here as it would in the host's process. It trusts its host. That it may itself fall to its guest is what the cage is for.
 */
export interface Boot {
  readonly kind: 'boot'
  /** The guest's script. */
  readonly script: string
}

const frames = new FrameReader({ bytesMax: Number.POSITIVE_INFINITY, valuesMax: Number.POSITIVE_INFINITY })
let guest: ReturnType<typeof startGuestThread> | null = null

function pass(message: Boot | HostMessage): void {
  if (message.kind !== 'boot') return guest?.postMessage(message)
  guest = startGuestThread(message.script)
  guest.stdout.resume()
  guest.stderr.resume()
  guest.on('message', (said: unknown) => {
    for (const piece of frameOf(said)) process.stdout.write(piece)
  })
  guest.on('error', (error: unknown) =>
    end(error instanceof Error ? error.message : 'threw something that is no Error'),
  )
  guest.on('exit', (code) => end(`exit code ${code}`))
}

/** Last words, then the end: the host tells a thread that failed from a process that was killed. */
function end(reason: string): void {
  for (const piece of frameOf({ kind: 'died', reason })) process.stdout.write(piece)
  process.stdout.write('', () => process.exit(0))
}

process.stdin.on('data', (chunk: Buffer) => {
  const read = frames.take(chunk)
  if (!read.ok) throw new Error(read.reason)
  for (const message of read.value) pass(message as Boot | HostMessage)
})
process.stdin.on('end', () => process.exit(0))
