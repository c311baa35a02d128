import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { Did } from '../identity/did.ts'
import { EDGE_SLOTS, HOME_SLOTS, type Size, SMALL_DISK_BYTES } from './limits.ts'
import { Edge, RendezvousProcess } from './processes.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'
import { launchTabs, type Tab, type Tabs } from './tabs.ts'

/** A rendezvous, homes, edge workers and tabs on this machine, each a process or page of its own. */
export interface SoakCluster {
  readonly rendezvous: RendezvousProcess
  readonly homes: readonly Edge[]
  readonly edges: readonly Edge[]
  readonly tabs: readonly Tab[]
  readonly disk: { readonly edge: Edge; readonly disk: SmallDisk } | null
  close(): Promise<void>
}

export async function startSoakCluster(
  size: Size,
  author: Did,
  folder: string,
  say: (line: string) => void,
): Promise<SoakCluster> {
  const logFolder = join(folder, 'logs')
  await mkdir(logFolder, { recursive: true })
  const rendezvous = new RendezvousProcess(logFolder, author)
  const edgeNamed = (name: string, slots: number): Edge =>
    new Edge(name, { url: () => rendezvous.url, author, slots, dataFolder: join(folder, 'data', name), logFolder })
  const homes = Array.from({ length: size.homes }, (_, i) => edgeNamed(`home-${i + 1}`, HOME_SLOTS))
  const edges = Array.from({ length: size.edges }, (_, i) => edgeNamed(`edge-${i + 1}`, EDGE_SLOTS))
  const small = edges[0] ?? null
  const disk = small && mountSmallDisk(small.dataFolder, SMALL_DISK_BYTES, say)
  let browser: Tabs | null = null
  const tabs: Tab[] = []
  const abandon = (): void => {
    for (const one of [...homes, ...edges, rendezvous]) one.close()
    disk?.unmount()
  }
  // However this process ends, it leaves nothing behind.
  process.once('exit', abandon)
  const close = async (): Promise<void> => {
    process.off('exit', abandon)
    await browser?.close().catch(() => undefined)
    abandon()
  }
  try {
    await rendezvous.start()
    await Promise.all([...homes, ...edges].map((edge) => edge.start()))
    browser = size.tabs > 0 ? await launchTabs((line) => rendezvous.note(line)) : null
    if (!browser && size.tabs > 0) say('skipped: no tabs, because there is no Chromium on this machine')
    for (let i = 1; browser && i <= size.tabs; i++) tabs.push(await browser.open(rendezvous.url, `tab-${i}`))
  } catch (error) {
    await close()
    throw error
  }
  return { rendezvous, homes, edges, tabs, disk: disk && small ? { edge: small, disk } : null, close }
}
