/// <reference lib="webworker" />

/** A web worker of ours that rings when the page shall wake: its timers go on while the page is out of sight. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope
let timer: ReturnType<typeof setTimeout> | undefined
scope.onmessage = ({ data }: MessageEvent<number | null>) => {
  clearTimeout(timer)
  if (data !== null) timer = setTimeout(() => scope.postMessage(null), data)
}
