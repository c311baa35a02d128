let ticks = 0
setInterval(() => { busy(3000); console.log('tick', ++ticks); if (ticks === 5) throw { thrown: 'object', ticks } }, 4)
await new Promise((resolve) => setTimeout(resolve, 1000))
console.log('never')
