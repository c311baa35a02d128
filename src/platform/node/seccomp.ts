/**
 * A system call filter for a caged guest, as classic BPF (Linux, Documentation/userspace-api/seccomp_filter.rst). Refuses
 * by a list what a running Node process has no need of: sockets, new processes, other processes' memory, name spaces,
 * mounts, modules, and the interfaces that kernels are broken through. A list of what is allowed would have to know every
 * call of every C library; what is left reaches nothing in a cage without files and network (cage.ts).
 */
interface Architecture {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number
  readonly clone: number
  readonly mmap: number
  /** Answered as if the kernel did not know them: callers fall back to calls that can be judged. */
  readonly unknown: readonly number[]
  readonly refused: readonly number[]
}

/** Not on every architecture: asm-generic numbers from 424 on are the same everywhere. */
const NEW_CALLS = {
  unknown: [425, 426, 427, 435], // io_uring_setup, _enter, _register; clone3, whose flags a filter cannot see
  refused: [428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 447], // open_tree … fspick, pidfd_open, pidfd_getfd, process_madvise, mount_setattr, memfd_secret
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    mmap: 9,
    unknown: NEW_CALLS.unknown,
    refused: [
      ...[41, 42, 43, 49, 50, 288], // socket, connect, accept, bind, listen, accept4
      ...[57, 58, 101, 310, 311, 312], // fork, vfork, ptrace, process_vm_readv, process_vm_writev, kcmp
      ...[133, 259, 155, 161, 165, 166, 272, 308], // mknod, mknodat, pivot_root, chroot, mount, umount2, unshare, setns
      ...[103, 135, 163, 167, 168, 169, 172, 173, 179], // syslog, personality, acct, swapon, swapoff, reboot, iopl, ioperm, quotactl
      ...[175, 176, 313, 246, 320], // init_module, delete_module, finit_module, kexec_load, kexec_file_load
      ...[248, 249, 250, 298, 321, 323, 300], // add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd, fanotify_init
      ...[303, 304, 29], // name_to_handle_at, open_by_handle_at, shmget
      ...NEW_CALLS.refused,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    mmap: 222,
    unknown: NEW_CALLS.unknown,
    refused: [
      ...[198, 203, 202, 200, 201, 242],
      ...[117, 270, 271, 272],
      ...[33, 41, 51, 40, 39, 97, 268],
      ...[116, 92, 89, 224, 225, 142, 60],
      ...[105, 106, 273, 104, 294],
      ...[217, 218, 219, 241, 280, 282, 262],
      ...[264, 265, 194],
      ...NEW_CALLS.refused,
    ],
  },
}

const LOAD_WORD = 0x20 // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35 // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45 // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06 // BPF_RET | BPF_K

/** Offsets in struct seccomp_data; of arguments the low half, both architectures being little-endian. */
const CALL_NUMBER_AT = 0
const ARCHITECTURE_AT = 4
const FIRST_ARGUMENT_AT = 16
const FOURTH_ARGUMENT_AT = 40

const ALLOW = 0x7fff0000
const KILL_PROCESS = 0x80000000
const errno = (code: number): number => 0x00050000 | code
const EPERM = 1
const ENOSYS = 38

const CLONE_THREAD = 0x00010000
const MAP_SHARED = 0x01
const MAP_ANONYMOUS = 0x20
/** Numbers of the x32 interface of x86-64 begin here; other tables than the one above. */
const X32_CALLS = 0x40000000

/** The program for this processor, ready for the kernel; null where we have no table for it. */
export function seccompProgram(architecture: string = process.arch): Buffer | null {
  const table = ARCHITECTURES[architecture]
  if (!table) return null
  const verdict = (call: number, answer: number): Instruction[] => [
    [JUMP_EQUAL, 0, 1, call],
    [RETURN, 0, 0, answer],
  ]
  return assembled([
    [LOAD_WORD, 0, 0, ARCHITECTURE_AT],
    [JUMP_EQUAL, 1, 0, table.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, CALL_NUMBER_AT],
    [JUMP_AT_LEAST, 0, 1, X32_CALLS],
    [RETURN, 0, 0, errno(ENOSYS)],
    ...table.unknown.flatMap((call) => verdict(call, errno(ENOSYS))),
    ...table.refused.flatMap((call) => verdict(call, errno(EPERM))),
    // Memory that is shared and no file's counts for no limit of the process (cage.ts).
    [JUMP_EQUAL, 0, 5, table.mmap],
    [LOAD_WORD, 0, 0, FOURTH_ARGUMENT_AT],
    [JUMP_ANY_BIT, 0, 2, MAP_ANONYMOUS],
    [JUMP_ANY_BIT, 0, 1, MAP_SHARED],
    [RETURN, 0, 0, errno(EPERM)],
    [RETURN, 0, 0, ALLOW],
    // A new thread is fine, a new process is not.
    [JUMP_EQUAL, 0, 3, table.clone],
    [LOAD_WORD, 0, 0, FIRST_ARGUMENT_AT],
    [JUMP_ANY_BIT, 1, 0, CLONE_THREAD],
    [RETURN, 0, 0, errno(EPERM)],
    [RETURN, 0, 0, ALLOW],
  ])
}

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

/** struct sock_filter: 16-bit code, two 8-bit jumps, a 32-bit operand. */
function assembled(instructions: readonly Instruction[]): Buffer {
  const program = Buffer.alloc(instructions.length * 8)
  for (const [i, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    program.writeUInt16LE(code, i * 8)
    program.writeUInt8(ifTrue, i * 8 + 2)
    program.writeUInt8(ifFalse, i * 8 + 3)
    program.writeUInt32LE(operand >>> 0, i * 8 + 4)
  }
  return program
}
