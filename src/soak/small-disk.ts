import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** A disk of its own for one host, in memory and small, that can be filled to the last byte. */
export interface SmallDisk {
  readonly folder: string
  fill(): Promise<void>
  free(): void
  unmount(): void
}

/** Null, with the reason told, where this process may not mount. */
export function mountSmallDisk(folder: string, bytes: number, say: (line: string) => void): SmallDisk | null {
  mkdirSync(folder, { recursive: true })
  const options = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]
  const mounted = process.platform === 'linux' && spawnSync('mount', options, { stdio: 'ignore' }).status === 0
  if (!mounted) {
    say('skipped: no disk is filled, because this process may not mount a small one (that takes root, on Linux)')
    return null
  }
  const ballast = join(folder, 'ballast')
  return {
    folder,
    async fill() {
      const file = await open(ballast, 'w')
      const chunk = new Uint8Array(64 * 1024)
      try {
        for (;;) await file.write(chunk)
      } catch {
        // It is full.
      }
      await file.close()
    },
    free: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync('umount', ['-l', folder], { stdio: 'ignore' }),
  }
}
