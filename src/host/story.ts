import type { HeardEffect } from '../wire/decisions.ts'
import type { Brief, StoryLine } from '../wire/messages.ts'
import { forgetHeard, noteHeard } from './heard.ts'
import { STORY_LINES_MAX } from './limits.ts'
import { gone, storyKey, writeStory } from './records.ts'
import type { HomeRow, HostState } from './state.ts'
import { persist, type Turn } from './turn.ts'

/** Home's account of one agent's life, for the launcher's events and for `logs`. */
export function tellStory(turn: Turn, row: HomeRow, kind: StoryLine['kind'], value: unknown): void {
  const line: StoryLine = { number: row.storyNext, atMs: turn.wallMs, kind, valueJson: JSON.stringify(value) }
  keepLine(turn, row, line)
}

/** `of`: the effect that the line tells, where it is one. */
export function keepLine(turn: Turn, row: HomeRow, line: StoryLine, of: HeardEffect | null = null): void {
  row.story.push(line)
  row.storyNext = line.number + 1
  // Checkpoints are told, but not worth a write each: after a restart they are history.
  if (line.kind !== 'checkpoint') persist(turn, writeStory(row.agent, line, of))
  if (of) noteHeard(row, line.number, of)
  if (row.story.length > STORY_LINES_MAX) {
    const dropped = row.story.findIndex((old) => old.kind === 'checkpoint' || old.kind === 'console')
    for (const { number } of row.story.splice(Math.max(dropped, 0), 1)) letGoOfLine(turn, row, number)
  }
}

/** Lines from this number on are taken back. */
export function dropLines(turn: Turn, row: HomeRow, from: number): void {
  while ((row.story.at(-1)?.number ?? 0) >= from) {
    const line = row.story.pop()
    if (line) letGoOfLine(turn, row, line.number)
  }
  row.storyNext = Math.min(row.storyNext, from)
}

function letGoOfLine(turn: Turn, row: HomeRow, number: number): void {
  persist(turn, gone(storyKey(row.agent, number)))
  forgetHeard(row, number)
}

/** What a new holder needs to know beside the checkpoint. */
export const briefOfRow = (state: HostState, row: HomeRow): Brief => ({
  agent: row.agent,
  bundle: row.bundle,
  inputJson: row.inputJson,
  seed: row.seed,
  launchedMs: row.launchedMs,
  allowance: row.allowance,
  witnesses: state.registers.get(row.agent)?.witnesses ?? row.origin.witnesses,
  hops: row.hops,
  consoleLines: row.consoleLines,
  sentBytes: row.sentBytes,
  messages: row.messages,
  movedBy: null,
  forkedFrom: row.forkedFrom,
  origin: row.origin,
  head: row.head,
  history: row.history,
  resultTo: row.resultTo,
  mail: row.mail,
  birth: row.birth,
})
