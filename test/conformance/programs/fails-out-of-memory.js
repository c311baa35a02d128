//! {"memoryBytesMax":8388608}
const kept = []
console.log('filling')
try { for (let i = 0; ; i++) { kept.push(new Uint8Array(100_000).fill(i)); busy(500) } } catch (error) { kept.length = 30; console.log(error === null ? 'null' : error.message, kept.length) }
const more = []
for (let i = 0; ; i++) more.push('x'.repeat(60_000) + i)
