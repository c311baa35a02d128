import type { HostSnapshot } from '../../../host/snapshot.ts'
import type { Row } from '../../../wire/messages.ts'

/**
 * What people see while the demo runs: a few lines redrawn in place on a terminal, a line every few seconds elsewhere,
 * and above them what happened, as it happened. Writes to the stream it is given; decides nothing.
 */
export interface Screen {
  /** Something happened: stays on the screen. */
  say(line: string): void
  draw(lines: readonly string[]): void
  end(): void
}

/** Between two pictures where nothing can be redrawn. */
const PLAIN_EVERY_MS = 5_000

export function createScreen(stream: NodeJS.WriteStream, nowMs: () => number): Screen {
  const startMs = nowMs()
  const stamp = (): string => `${((nowMs() - startMs) / 1000).toFixed(1).padStart(6)} s  `
  let drawn = 0
  let plainMs = 0
  const erase = (): void => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`)
    drawn = 0
  }
  return {
    say(line) {
      erase()
      stream.write(`${stamp()}${line}\n`)
    },
    draw(lines) {
      if (stream.isTTY) {
        erase()
        const width = stream.columns ?? 80
        for (const line of lines) stream.write(`${line.slice(0, width - 1)}\n`)
        drawn = lines.length
      } else if (nowMs() - plainMs >= PLAIN_EVERY_MS) {
        plainMs = nowMs()
        stream.write(`${stamp()}${lines[0] ?? ''}\n`)
      }
    },
    end: erase,
  }
}

export const bar = (share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}

/** One picture: the whole search, then each host with what runs on it. */
export function picture(home: HostSnapshot, rows: readonly Row[], names: ReadonlyMap<string, string>): string[] {
  const done = rows.filter(({ state }) => state === 'finished').length
  const share =
    rows.reduce((sum, { state, progress }) => sum + (state === 'finished' ? 1 : (progress ?? 0)), 0) / rows.length
  const head = `search ${bar(share, 24)} ${(share * 100).toFixed(0).padStart(3)} %   ${done} of ${rows.length} agents done`
  const hosts = [...names].map(([did, name]) => {
    const here = rows.filter(({ holder, state }) => holder === did && state === 'running')
    const online = home.acquaintances.some(({ id }) => id === did)
    const what = here.map((row) => `${row.name} ${bar(row.progress ?? 0, 6)}`).join('  ')
    return `  ${name.padEnd(8)} ${what || (online ? '(idle)' : '(off line)')}`
  })
  return [head, ...hosts]
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()
  return [line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)]
}
