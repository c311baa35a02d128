//! {"fuelMax":"20000000"}
const log = []
try { for (let i = 0; ; i++) { log.push(i % 10); if (i % 200_000 === 0) console.log('still here', i); if (log.length > 1000) log.length = 0 } } catch { console.log('not catchable') } finally { console.log('nor finally') }
