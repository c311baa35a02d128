import { describe, expect, it, test } from 'vitest'
import { seccompProgram } from '../../src/platform/node/seccomp.ts'

/** What the kernel would answer: the few instructions of classic BPF that the filter is made of, done by the book. */
function answer(program: Buffer, call: number, args: readonly number[], audit: number): string {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(call, 0)
  data.writeUInt32LE(audit, 4)
  for (const [i, arg] of args.entries()) data.writeBigUInt64LE(BigInt(arg), 16 + 8 * i)
  let accumulator = 0
  for (let at = 0; at * 8 < program.length; at++) {
    const [code, ifTrue, ifFalse] = [program.readUInt16LE(at * 8), program[at * 8 + 2] ?? 0, program[at * 8 + 3] ?? 0]
    const operand = program.readUInt32LE(at * 8 + 4)
    if (code === 0x06) return VERDICTS[operand] ?? `${operand}`
    if (code === 0x20) accumulator = data.readUInt32LE(operand)
    else if (code === 0x15) at += accumulator === operand ? ifTrue : ifFalse
    else if (code === 0x35) at += accumulator >= operand ? ifTrue : ifFalse
    else if (code === 0x45) at += (accumulator & operand) !== 0 ? ifTrue : ifFalse
    else throw new Error(`instruction ${code}`)
  }
  throw new Error('the filter has no end')
}

const VERDICTS: Readonly<Record<number, string>> = {
  2147418112: 'allowed',
  2147483648: 'killed',
  327681: 'refused',
  327718: 'unknown',
}

const x64 = { audit: 0xc000003e, read: 0, socket: 41, fork: 57, clone: 56, clone3: 435, mmap: 9, shmget: 29 }
const arm64 = { audit: 0xc00000b7, read: 63, socket: 198, fork: null, clone: 220, clone3: 435, mmap: 222, shmget: 194 }

describe.each([
  ['x64', x64],
  ['arm64', arm64],
] as const)('the system call filter for %s', (architecture, calls) => {
  const program = seccompProgram(architecture) ?? Buffer.alloc(0)
  const asked = (call: number, ...args: number[]): string => answer(program, call, args, calls.audit)

  test.each([
    ['reading', calls.read, [], 'allowed'],
    ['a socket', calls.socket, [], 'refused'],
    ['a thread', calls.clone, [0x3d0f00], 'allowed'],
    ['a process', calls.clone, [0x1200011], 'refused'],
    ['a process by a call whose flags it cannot see', calls.clone3, [], 'unknown'],
    ['memory of its own', calls.mmap, [0, 4096, 3, 0x22], 'allowed'],
    ['a library', calls.mmap, [0, 4096, 5, 0x02], 'allowed'],
    ['a file in common', calls.mmap, [0, 4096, 3, 0x01], 'allowed'],
    ['memory that counts for no limit', calls.mmap, [0, 2 ** 40, 3, 0x21], 'refused'],
    ['the same by System V', calls.shmget, [0, 2 ** 40], 'refused'],
  ] as const)('%s', (_, call, args, verdict) => {
    expect(asked(call, ...args)).toBe(verdict)
  })

  it('kills who speaks another architecture’s numbers, and knows no second table', () => {
    expect(answer(program, calls.read, [], 0x40000003)).toBe('killed')
    expect(asked(0x40000000 + calls.read)).toBe('unknown')
    if (calls.fork !== null) expect(asked(calls.fork)).toBe('refused')
  })
})

it('there is none for a processor whose numbers we do not know', () => {
  expect(seccompProgram('riscv64')).toBeNull()
})
