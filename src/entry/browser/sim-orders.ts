import type { HostAct, SimFault, SimFrame, SimSetup } from '../../ui/sim/sim-view.ts'

/** What the page of the simulator and its web worker say to each other. Both are ours and of one build. */
export type SimOrder =
  | { readonly kind: 'start'; readonly setup: SimSetup }
  | { readonly kind: 'play'; readonly playing: boolean }
  /** Virtual time in one of ours; Infinity is as fast as it goes. */
  | { readonly kind: 'speed'; readonly speed: number }
  | { readonly kind: 'step' }
  /** Nobody looks: time stands until somebody does. */
  | { readonly kind: 'hidden'; readonly hidden: boolean }
  | Deed

/** What a person does to the cluster. */
export type Deed =
  | { readonly kind: 'fault'; readonly id: string; readonly on: boolean }
  | { readonly kind: 'act'; readonly host: number; readonly act: HostAct }
  | { readonly kind: 'link'; readonly a: number; readonly b: number; readonly whole: boolean }
  | { readonly kind: 'partition'; readonly groups: readonly (readonly number[])[] }
  | { readonly kind: 'launch'; readonly agents: number }
  | { readonly kind: 'heal' }

export type SimReport =
  /** The cluster stands; nothing has happened yet. */
  | { readonly kind: 'built'; readonly faults: readonly SimFault[]; readonly frame: SimFrame }
  | { readonly kind: 'frame'; readonly frame: SimFrame; readonly rate: number }
  | { readonly kind: 'failed'; readonly reason: string }
