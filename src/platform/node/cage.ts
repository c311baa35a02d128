import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Writable } from 'node:stream'
import { V8_ENGINE_FLAG, V8_TIERING_FLAG } from './engine-files.ts'
import { seccompProgram } from './seccomp.ts'

/**
 * A Node process that a guest may break out of its engine into and still be nowhere: no network, no files but Node itself
 * and the C library, no other processes, no rights, no environment. Bubblewrap builds it from Linux name spaces, under a user
 * without rights and a system call filter (seccomp.ts). Where there is no Bubblewrap, what is left is another process, under
 * another user where we may choose one: `strength` says which. Node's own permission model would not help: the guest is in a
 * worker thread, and Node 20 does not hold those to it.
 */
export interface Cage {
  readonly strength: 'namespaces' | 'user' | 'process'
  /** In plain words, for whoever asks what it is worth. */
  readonly words: string
  /** Runs `code` in it; the process's standard input and output are ours. */
  start(code: string): ChildProcess
}

/** Nobody: a user that owns nothing. */
const NOBODY = 65_534

/**
 * Private memory of the process, KiB: the most that a policy gives an agent, an image of it on its way, Node itself. Address
 * space is not bounded: WebAssembly reserves it by the gigabyte. Stops a broken-out guest that eats the machine.
 */
const DATA_KIB_MAX = 2 * 1024 * 1024

/** Bytes of what it may write to files: none; pipes are no files. No core of it is kept either: agents' memory is in it. */
const LIMITS = `ulimit -c 0 && ulimit -f 0 && ulimit -d ${DATA_KIB_MAX} && exec "$0" "$@"`

const NODE_FLAGS = ['--no-warnings', V8_ENGINE_FLAG, V8_TIERING_FLAG]

/** Path of the program; null where it is not installed. */
export function findBubblewrap(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, 'bwrap')).find((path) => existsSync(path)) ?? null
}

let found: Cage | null = null

/** The best cage of this machine; tried for real, once. */
export function findCage(): Cage {
  found ??= namespaces() ?? otherUser()
  return found
}

function namespaces(): Cage | null {
  const filter = seccompProgram()
  const bubblewrap = process.platform === 'linux' ? findBubblewrap() : null
  if (!filter || !bubblewrap) return null
  const node = realpathSync(process.execPath)
  const libraries = ['/usr/lib', '/usr/lib64', '/lib', '/lib64'].filter((folder) => existsSync(folder))
  const wall = [
    ...['--unshare-all', '--unshare-user', '--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL'],
    ...['--uid', `${NOBODY}`, '--gid', `${NOBODY}`, '--hostname', 'guest'],
    ...libraries.flatMap((folder) => ['--ro-bind', folder, folder]),
    ...['--ro-bind', node, '/node', '--dev', '/dev', '--remount-ro', '/dev', '--chdir', '/', '--remount-ro', '/'],
  ]
  /** `door`: the file descriptor on which Bubblewrap reads the filter. */
  const command = (code: string, door: number): string[] => [
    ...['-c', LIMITS, bubblewrap, ...wall, '--seccomp', `${door}`],
    ...['/node', ...NODE_FLAGS, '-e', code],
  ]
  const probe = spawnSync('/bin/sh', command('0', 0), { input: filter, stdio: ['pipe', 'ignore', 'ignore'], env: {} })
  if (probe.status !== 0) return null
  return {
    strength: 'namespaces',
    words: 'own process in own name spaces (Bubblewrap): no network, no files, no rights, system calls filtered',
    start(code) {
      const child = spawn('/bin/sh', command(code, 3), { stdio: ['pipe', 'pipe', 'ignore', 'pipe'], env: {} })
      const door = child.stdio[3] as Writable
      door.on('error', () => undefined)
      door.end(filter)
      return child
    },
  }
}

function otherUser(): Cage {
  const isRoot = process.getuid?.() === 0
  return {
    strength: isRoot ? 'user' : 'process',
    words: isRoot
      ? 'own process under the user nobody (no Bubblewrap here): it could reach the network and what all may read'
      : 'own process under this same user (no Bubblewrap here): it could reach what this user can',
    start: (code) =>
      spawn(process.execPath, [...NODE_FLAGS, '-e', code], {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: {},
        cwd: '/',
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      }),
  }
}
