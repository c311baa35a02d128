import { homeOf } from '../directory/agent-id.ts'
import { forkSeed } from '../engine/chance.ts'
import type { Did } from '../identity/did.ts'
import { grantedQuota } from '../permit/grant.ts'
import type { Quota } from '../permit/quota.ts'
import { splitBudget } from '../permit/split.ts'
import type { Requests } from '../wire/messages.ts'
import { quorumOf } from './ballots.ts'
import { place } from './departure.ts'
import type { Fault } from './events.ts'
import { found } from './founding.ts'
import { NO_HISTORY } from './history.ts'
import { currentRow, takeBack } from './home.ts'
import { isGone } from './keeper.ts'
import { FORK_PATIENCE_MS } from './limits.ts'
import { answerKept } from './mirror.ts'
import { writeFork, writeRow } from './records.ts'
import { makeRoom, spawn } from './spawn.ts'
import type { Fork, HomeRow } from './state.ts'
import { tellStory } from './story.ts'
import { deny, persist, type Turn } from './turn.ts'
import { firstWitnesses } from './witnesses.ts'

/**
 * Home's part of a fork: writes down the agents that a call makes, each with its share of what is left and beginning at
 * the checkpoint that home has, and places them as it places any agent. All of it is one commit, and one call makes them
 * once: the agent that asks may die before it hears of them, and whoever goes on from the checkpoint asks again. Another
 * keeper makes none: it says what home has made, and otherwise has the call wait for home, or refuses it where home is gone.
 */
type Asked = Requests['fork']['ask']

export function onFork(turn: Turn, from: Did, handle: number, asked: Asked): void {
  const row = currentRow(turn, from, handle, asked.agent, asked.epoch)
  if (!row) return
  const known = row.forks.find(({ request }) => request === asked.request)
  if (known && known.agents.length !== asked.n - 1)
    return deny(turn, handle, 'REFUSED', `call ${asked.request} has made it ${known.agents.length + 1} before`)
  const fork = known ?? makeOthers(turn, row, asked)
  if ('code' in fork) return deny(turn, handle, fork.code, fork.reason)
  answerKept(turn, row, handle, 'fork', { agents: fork.agents, left: row.allowance })
}

function makeOthers(turn: Turn, row: HomeRow, asked: Asked): Fork | Fault {
  const fault = unsettled(turn, row)
  if (fault) return fault
  const { request, n, checkpoint } = asked
  if (row.checkpoint !== checkpoint)
    return { code: 'REFUSED', reason: `checkpoint ${checkpoint} is not the newest that home has of it` }
  const shares = sharesOf(turn, row, asked)
  if ('code' in shares) return shares
  if (!makeRoom(turn, n - 1)) return { code: 'QUOTA', reason: `home has no room for ${n - 1} rows` }
  const [first, ...others] = shares
  const made = others.map(({ allowance, quota }, i) => {
    const forkedFrom = {
      agent: row.agent,
      request,
      index: i + 1,
      seed: forkSeed(row.forkedFrom?.seed ?? row.seed, request, i + 1),
    }
    // What it had let out by then belongs to the one that it was made of.
    const seen = { emit: request, console: row.consoleLines, result: 0, failure: 0 }
    const witnesses = firstWitnesses(turn, row.license.order.statement.witnesses)
    const origin = { order: row.origin.order, after: row.head, witnesses }
    // The pieces before are those of the one that it was made of.
    const history = row.history && NO_HISTORY
    const { fuelUsed } = asked
    return spawn(turn, quota, {
      ...row,
      allowance,
      forkedFrom,
      origin,
      seen,
      history,
      checkpoint,
      fuelUsed,
      madeIn: row.tenure,
    })
  })
  const fork: Fork = { request, agents: made.map(({ agent }) => agent) }
  if (first) row.allowance = first.allowance
  row.forks.push(fork)
  persist(turn, writeRow(row), writeFork(row.agent, fork))
  tellStory(turn, row, 'fork', { agents: fork.agents, checkpoint })
  const isShared = quorumOf(turn.state.registers.get(row.agent)?.witnesses ?? []) > 1
  for (const [i, resident] of made.entries()) {
    const child = turn.state.rows.get(resident.agent)
    if (child) tellStory(turn, child, 'fork', { from: row.agent, index: i + 1 })
    turn.effects.push({ kind: 'hold', agent: resident.agent, checkpoint })
    const parent = isShared ? { agent: row.agent, until: row.storyNext } : null
    if (child && (isShared || child.origin.witnesses.length > 1)) found(turn, child, parent)
    else place(turn, resident)
  }
  return fork
}

/**
 * Where something else is being decided the agent could go on from a checkpoint before this one, not know of the call, and
 * fork another time.
 */
function unsettled(turn: Turn, row: HomeRow): Fault | null {
  if (row.outcome) return { code: 'REFUSED', reason: 'the agent has ended' }
  // Agents are named after the home that their order is for, and that alone answers for how many share what the order gives.
  const home = homeOf(row.agent)
  if (home !== turn.state.self)
    return isGone(turn, home, FORK_PATIENCE_MS)
      ? { code: 'NOT_FOUND', reason: `its home ${home} is away, and only that makes agents of it` }
      : { code: 'BUSY', reason: 'its home keeps its row again soon, and only that makes agents of it' }
  if (turn.state.registers.get(row.agent)?.accepted) takeBack(turn, row)
  return turn.state.proposals.has(row.agent)
    ? { code: 'BUSY', reason: 'the next holder of the agent is being decided' }
    : null
}

interface Share {
  readonly allowance: Quota
  readonly quota: Quota
}

/** By index. The first one's numbers go on from what it has used; the others' begin, but for fuel, which an image counts. */
function sharesOf({ state }: Turn, row: HomeRow, { n, fuelUsed, hops: alleged }: Asked): readonly Share[] | Fault {
  const { allowance, sentBytes, messages } = row
  const hops = Math.max(row.hops, alleged)
  const left = {
    ...allowance,
    fuel: allowance.fuel - fuelUsed,
    messages: allowance.messages - messages,
    sentBytes: allowance.sentBytes - sentBytes,
    hops: allowance.hops - hops,
  }
  const budgets = splitBudget(left, n)
  if (!budgets.ok) return budgets
  const shares: Share[] = []
  for (const [index, budget] of budgets.value.entries()) {
    const used = index === 0 ? { messages, sentBytes, hops } : { messages: 0, sentBytes: 0, hops: 0 }
    const share: Quota = {
      ...allowance,
      ...budget,
      fuel: fuelUsed + budget.fuel,
      messages: used.messages + budget.messages,
      sentBytes: used.sentBytes + budget.sentBytes,
      hops: used.hops + budget.hops,
    }
    const granted = grantedQuota(state.bundles.get(row.bundle)?.quota ?? state.policy, share, state.policy)
    if (!granted.ok) return granted
    shares.push({ allowance: share, quota: granted.value })
  }
  return shares
}
