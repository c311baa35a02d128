/** The system calls that a permit can grant or leave out (sandbox/SYSCALLS.md). `self` tells an agent of itself and is always granted. */
export const CALLS = ['self', 'move', 'fork', 'checkpoint', 'progress', 'emit', 'asset', 'read', 'hosts'] as const

export type CallName = (typeof CALLS)[number]
