const started = Date.now()
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const order = []
async function worker(name, ms) {
  for (let i = 0; i < 4; i++) {
    await sleep(ms)
    let busy = 0
    for (let k = 0; k < 3000; k++) busy += k
    order.push(name + i)
  }
  return name
}
const names = await Promise.all([worker('a', 30), worker('b', 50), worker('c', 70)])
console.log(names.join(), order.join())
console.log('elapsed at least', Date.now() - started >= 280)
let ticks = 0
await new Promise((resolve) => {
  const interval = setInterval(() => {
    if (++ticks === 5) {
      clearInterval(interval)
      resolve()
    }
  }, 10)
})
const cancelled = setTimeout(() => console.log('never'), 5)
clearTimeout(cancelled)
const settled = await Promise.allSettled([Promise.reject(new Error('no')), sleep(3), Promise.race([sleep(9), sleep(1).then(() => 'first')])])
console.log(ticks, settled.map((one) => one.status).join(), settled[2].value)
queueMicrotask(() => console.log('micro'))
setTimeout(() => console.log('after the end of the script', Date.now()), 100)
console.log('now', Date.now())
