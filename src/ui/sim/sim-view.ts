/**
 * What the page of the simulator shows, as plain data, and what a person can ask of it. A frame is the whole cluster at
 * one instant of its virtual time, and what happened since the frame before. Who fills it in is decided outside this room.
 */
export interface SimFrame {
  /** Virtual time since the start. */
  readonly nowMs: number
  /** At its number. */
  readonly hosts: readonly SimHost[]
  /** Those that have not ended, and those that ended since the frame before. */
  readonly agents: readonly SimAgent[]
  /** Oldest first, as everything that happened. */
  readonly hops: readonly SimHop[]
  readonly letters: readonly SimLetter[]
  readonly news: readonly SimNews[]
  readonly counts: SimCounts
  /** Kinds of fault that are switched on. */
  readonly faults: readonly string[]
  readonly cutLinks: readonly (readonly [number, number])[]
  readonly violation: SimViolation | null
}

export type HostCondition =
  | 'up'
  /** Its owner wants the machine for himself: agents leave, none comes. */
  | 'owner-back'
  /** It runs, and reaches nobody. */
  | 'cut-off'
  /** It stands still, as a tab that its browser has frozen: it does not know. */
  | 'frozen'
  | 'dead'

export interface SimHost {
  readonly name: string
  readonly kind: 'edge' | 'tab' | 'launcher'
  readonly condition: HostCondition
  readonly slots: number
  /** Agents at work whose row it keeps, in home's place where it is not theirs. */
  readonly keeps: number
  /** Agents at work of which it is one of those who decide, as keeper or beside it. */
  readonly decides: number
  /** What else is wrong with it, in words: "its clock is wrong". */
  readonly troubles: readonly string[]
}

export type AgentCondition =
  | 'running'
  /** Between two hosts, or on its way to the first. */
  | 'travelling'
  /** Whoever held it is silent: nobody runs it until its lease is over and it comes back. */
  | 'orphaned'
  | 'ended'

export interface SimAgent {
  readonly id: string
  readonly name: string
  readonly condition: AgentCondition
  /** Number of the host that holds it, or held it last. */
  readonly host: number
  readonly home: number
  readonly epoch: number
  readonly hops: number
  /** 0..1, null where it cannot be said. */
  readonly progress: number | null
}

export interface SimHop {
  readonly agent: string
  readonly from: number
  readonly to: number
  /** A recovery begins at a checkpoint: the host it was on has fallen silent. */
  readonly kind: 'hop' | 'recovery'
}

/** A message from one agent to another. */
export interface SimLetter {
  readonly from: number
  readonly to: number
}

export interface SimNews {
  readonly atMs: number
  readonly kind: 'hop' | 'recovery' | 'keeper' | 'end' | 'fault' | 'heal' | 'break'
  readonly text: string
}

export interface SimCounts {
  readonly launched: number
  readonly running: number
  readonly endedRight: number
  readonly lost: number
  readonly doubled: number
  /** Ended with what a host made of it that falsifies what it runs. */
  readonly falsified: number
  readonly recovered: number
  readonly hopped: number
  readonly checks: number
  readonly events: number
}

export interface SimViolation {
  readonly invariant: string
  readonly what: string
  readonly seed: number
  readonly command: string
}

/** A kind of fault that can be switched on. */
export interface SimFault {
  readonly id: string
  readonly label: string
  /** What it strikes: "Network". */
  readonly group: string
  readonly says: string
}

export interface SimSetup {
  readonly seed: number
  readonly hosts: number
  readonly agents: number
  readonly witnesses: 1 | 3 | 5
}

export type HostAct = 'kill' | 'start' | 'owner-back' | 'owner-away' | 'cut-off' | 'reconnect' | 'freeze' | 'wake'

/** Virtual time in which a second of ours passes; 0: it stands; Infinity: as fast as it goes. */
export const SPEEDS = [1, 4, 16, Number.POSITIVE_INFINITY] as const

export interface SimActions {
  /** Begins again, with everything as the setup has it. */
  restart(setup: SimSetup): void
  play(): void
  pause(): void
  step(): void
  setSpeed(speed: number): void
  switchFault(id: string, on: boolean): void
  act(host: number, act: HostAct): void
  setLink(a: number, b: number, whole: boolean): void
  /** Nobody of one group reaches anybody of another; one group or none heals. */
  partition(groups: readonly (readonly number[])[]): void
  launch(agents: number): void
  healAll(): void
}

export interface SimPageView {
  readonly phase: 'building' | 'paused' | 'playing' | 'broken' | 'failed'
  readonly setup: SimSetup
  readonly speed: number
  /** Virtual seconds that pass in a second of ours, as measured. */
  readonly rate: number
  readonly faults: readonly SimFault[]
  /** Newest first. */
  readonly news: readonly SimNews[]
  readonly frame: SimFrame | null
  /** Why it cannot run, when `phase` is 'failed'. */
  readonly problem: string | null
}
