import type { Timers } from '../../base/timers.ts'
import type { Answer } from '../../host/events.ts'
import type { Did } from '../../identity/did.ts'
import type { Requests } from '../../wire/messages.ts'
import type { HostReport } from './cluster-view.ts'

/**
 * Asks everybody who is on line how they are, many at once and none for long. Hosts come and go meanwhile, command lines
 * above all: who has left the rendezvous before answering is not silent, but gone, and in no report.
 */
export interface Surroundings {
  /** On line by the rendezvous' word, ourselves left out. */
  members(): Promise<readonly Did[]>
  status(host: Did): Promise<Answer>
  readonly timers: Timers
}

/** Hosts asked at once: a dial costs a host some 5 ms of CPU, and a cluster may have thousands. */
const ASKED_AT_ONCE = 16

/** A host that has not answered by then is silent; dialling one that does not answer takes 15 s otherwise. */
const LOOK_MS_MAX = 8_000

/** Between two looks at who is still on line. */
const MEMBERS_MS = 500

/**
 * Before the second and the third time of asking. Of two sessions dialled at once one is closed again, and an answer may
 * be lost with it; a host that could not be dialled is not dialled again within a second.
 */
const AGAIN_MS: readonly number[] = [50, 1_100]

export async function lookAround(around: Surroundings): Promise<readonly HostReport[]> {
  const { timers } = around
  const members = await around.members()
  const leavers = new Map<Did, () => void>()
  const watch = async (): Promise<void> => {
    const online = await around.members().catch(() => null)
    if (online) for (const [did, release] of leavers) if (!online.includes(did)) release()
    watching = timers.after(MEMBERS_MS, watch)
    if (leavers.size === 0) watching.cancel()
  }
  let watching = timers.after(MEMBERS_MS, watch)
  const reports = await eachBounded(members, ASKED_AT_ONCE, (did) => {
    const gone = new Promise<null>((resolve) => leavers.set(did, () => resolve(null)))
    return Promise.race([gone, inTime(around, did)]).finally(() => leavers.delete(did))
  })
  watching.cancel()
  return reports.filter((report) => report !== null)
}

function inTime(around: Surroundings, did: Did): Promise<HostReport> {
  return new Promise((resolve) => {
    const late = `no answer in ${LOOK_MS_MAX} ms`
    const timer = around.timers.after(LOOK_MS_MAX, () => resolve({ did, silent: late }))
    void statusOf(around, did).then((report) => {
      timer.cancel()
      resolve(report)
    })
  })
}

async function statusOf({ status, timers }: Surroundings, did: Did): Promise<HostReport> {
  const answer = await askAgain(timers, () => status(did))
  return answer.ok
    ? { did, answer: answer.body as Requests['status']['answer'] }
    : { did, silent: `${answer.code}: ${answer.reason}` }
}

/** Asks until there is an answer, or has asked often enough; only for what may be said twice. */
export async function askAgain(timers: Timers, ask: () => Promise<Answer>): Promise<Answer> {
  let answer = await ask()
  for (const againMs of AGAIN_MS) {
    if (answer.ok || (answer.code !== 'CLOSED' && answer.code !== 'TIMEOUT')) break
    await new Promise<void>((resolve) => timers.after(againMs, resolve))
    answer = await ask()
  }
  return answer
}

/** Results in the order of the entries, at most `width` under way. */
async function eachBounded<A, B>(entries: readonly A[], width: number, work: (entry: A) => Promise<B>): Promise<B[]> {
  const results: B[] = []
  const waiting = entries.entries()
  const walk = async (): Promise<void> => {
    for (const [index, entry] of waiting) results[index] = await work(entry)
  }
  await Promise.all(Array.from({ length: Math.min(width, entries.length) }, walk))
  return results
}
