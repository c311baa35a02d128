console.log('before')
const chain = async (n) => { busy(500); await null; if (n === 0) throw new TypeError('nobody catches this', { cause: 'on purpose' }); try { return await chain(n - 1) } finally { console.log(`finally ${n}`) } }
await chain(6)
console.log('never')
