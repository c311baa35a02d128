process_late: {
  const late = Promise.reject(new Error('handled late'))
  await new Promise((resolve) => setTimeout(resolve, 5))
  late.catch((error) => console.log('late', error.message))
}
Promise.reject(new RangeError('nobody looks'))
busy(2000)
const inTime = Promise.reject(new Error('in time'))
queueMicrotask(() => inTime.catch(() => console.log('caught in the same turn')))
await null
;(async () => { await null; busy(500); throw new TypeError('out of an async function') })()
await new Promise((resolve) => setTimeout(resolve, 3))
Promise.reject({ plain: 'object' })
Promise.all([Promise.reject(new Error('one')), Promise.reject(new Error('two'))]).catch((error) => console.log('all', error.message))
new Promise((_, reject) => setTimeout(() => reject(Symbol('sym')), 2))
await new Promise((resolve) => setTimeout(resolve, 10))
console.log('the program goes on')
