import type { HostWish, PageHost } from './page-host.ts'

/** The host of a tab, put together from the browser's adapters. Loaded when it is first wanted. */
export async function startHost(wish: HostWish): Promise<PageHost> {
  throw new Error(`no transport for ${wish.name} yet`)
}
