/** The system calls that a permit can grant or leave out (sandbox/SYSCALLS.md). `self` tells an agent of itself and is always granted. */
export const CALLS = [
  'self',
  'move',
  'fork',
  'checkpoint',
  'progress',
  'emit',
  'asset',
  'read',
  'hosts',
  'seal',
  'unseal',
  'send',
  'receive',
  'lookup',
  'register',
] as const

export type CallName = (typeof CALLS)[number]

export const grantsCall = (calls: readonly CallName[], name: CallName): boolean =>
  name === 'self' || calls.includes(name)
