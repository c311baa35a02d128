/**
 * One turn of the event loop after another, as fast as the browser takes them: a simulation waits for one after whatever
 * happens in it, tens of thousands of times in a simulated second. A task of the scheduler's is there four times as fast as a
 * message to oneself (7 against 28 µs in Chromium); where there is no scheduler it is the message. A turn is an ordinary task: it
 * keeps back nothing else that waits.
 */
export function createTurns(): () => Promise<void> {
  const { scheduler }: { readonly scheduler?: TaskScheduler } = globalThis as object
  if (scheduler?.postTask) return () => new Promise((resolve) => void scheduler.postTask(resolve))
  const channel = new MessageChannel()
  const waiting: (() => void)[] = []
  channel.port1.onmessage = () => waiting.shift()?.()
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      channel.port2.postMessage(null)
    })
}

/** Not in every browser yet, nor in the compiler's types. */
interface TaskScheduler {
  postTask(run: () => void): Promise<void>
}
