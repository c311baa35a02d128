/**
 * The engine's two builds on one memory. The plain one is faster and cannot be suspended; the movable one can. Both come
 * from one instrumented source, so their data, tables and counters mean the same, and between two turns, when there are
 * no frames, going over from one to the other is copying a few globals. An instance is made when it is first needed.
 */
import { type EngineBuild, type InstanceLimits, instantiateBase, instantiateOn } from './base-image.ts'
import { ASYNCIFY_BUFFER_BYTES, NEVER, PLAIN_NATIVE_SEGMENTS, STACK_BYTES } from './limits.ts'
import type { Vm, VmOwner } from './vm.ts'

export type Tier = 'plain' | 'movable'

export class Twin {
  readonly #build: EngineBuild
  readonly #limits: InstanceLimits
  readonly #owner: VmOwner
  #instances: { [tier in Tier]?: Vm }
  #tier: Tier
  /** The instance that runs. */
  vm: Vm

  /** Stands where the base image stands, in a memory of at least `pages`. */
  constructor(build: EngineBuild, tier: Tier, pages: number, limits: InstanceLimits, owner: VmOwner) {
    this.#build = build
    this.#limits = limits
    this.#owner = owner
    this.#tier = tier
    this.vm = instantiateBase(build, tier, pages, limits, owner)
    this.#instances = { [tier]: this.vm }
  }

  get tier(): Tier {
    return this.#tier
  }

  /** Stands where the base image stands once more, in a fresh memory: a memory never shrinks. */
  renew(tier: Tier, pages: number): void {
    this.#tier = tier
    this.vm = instantiateBase(this.#build, tier, pages, this.#limits, this.#owner)
    this.#instances = { [tier]: this.vm }
  }

  /** Between turns only. */
  goOver(tier: Tier): void {
    if (tier === this.#tier) return
    const from = this.vm
    const to = this.enter(tier)
    for (const [name, global] of from.stateGlobals) {
      const twin = to.stateGlobals.get(name)
      if (twin !== undefined) twin.value = global.value
    }
    to.fuelLeft = from.fuelLeft
  }

  /** As `goOver`, but whoever calls this sets the globals. */
  enter(tier: Tier): Vm {
    this.#tier = tier
    this.vm = this.#instances[tier] ??= instantiateOn(this.#build, tier, this.vm.memory, this.#owner)
    // An instance that was left in the middle of a turn still has that turn's limit and its native stack.
    this.vm.exports.__soft.value = NEVER
    if (tier === 'plain') this.vm.useArena(this.#build.base.asyncifyAddress, PLAIN_NATIVE_SEGMENTS)
    return this.vm
  }

  /** Zeroes what nobody will read again, whichever build left it there. */
  normalise(suspended: boolean): void {
    this.vm.normalise(suspended)
    if (this.#tier === 'plain') this.#instances.movable?.segments.normalise(false)
  }

  /** The parts of the memory that hold something between turns: neither the stack below its pointer nor the frames' buffer. */
  live(): readonly { readonly address: number; readonly length: number }[] {
    const { vm } = this
    const stackEnd = vm.exports.__stack_pointer.value as number
    const arena = this.#build.base.asyncifyAddress
    const framesEnd = arena + ASYNCIFY_BUFFER_BYTES
    return [
      { address: stackEnd, length: arena - stackEnd },
      { address: framesEnd, length: vm.memory.buffer.byteLength - framesEnd },
    ]
  }

  /** How much that is, about. */
  get liveBytes(): number {
    return this.vm.memory.buffer.byteLength - STACK_BYTES - ASYNCIFY_BUFFER_BYTES
  }
}
