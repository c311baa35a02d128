const order = []
const say = (text) => order.push(text)
const thenable = (name) => ({ get then() { say(`get ${name}`); return (resolve) => { busy(40); say(`call ${name}`); resolve(name) } } })
setTimeout(() => say('timer 0'), 0)
setTimeout(() => { say('timer 1'); queueMicrotask(() => say('micro of timer 1')) }, 0)
setTimeout(() => say('timer 2'), 0)
async function first() { say('first starts'); await null; say('first after null'); await thenable('t'); say('first after thenable'); return thenable('returned') }
async function second() { say('second starts'); try { await Promise.reject(new Error('x')) } catch { say('second caught') } finally { await 0; say('second finally') } }
const done = Promise.all([first().then(say), second().then(() => say('second done'))])
Promise.resolve().then(() => say('p1')).then(() => say('p2')).then(() => say('p3')).then(() => { busy(300); say('p4') }).then(() => say('p5'))
queueMicrotask(() => { say('m1'); queueMicrotask(() => say('m2')) })
new Promise((resolve) => { resolve(Promise.resolve('nested')); say('executor') }).then(say)
say('script ends')
await done
await new Promise((resolve) => setTimeout(resolve, 2))
console.log(order.join('\n'))
check('script before micro', order.indexOf('script ends') < order.indexOf('p1'))
check('await null before p2', order.indexOf('first after null') < order.indexOf('p2'))
check('timers in order', order.filter((one) => one.includes('timer')).join(), 'timer 0,timer 1,micro of timer 1,timer 2')
