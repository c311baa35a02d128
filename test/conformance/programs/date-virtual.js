const day = 86_400_000
const started = Date.now()
busy(300_000)
const after = Date.now()
check('the clock runs on fuel', after > started && after - started < 1000)
await new Promise((resolve) => setTimeout(resolve, 3 * day))
check('sleep', new Date().getTime() - after >= 3 * day)
console.log(new Date().toISOString(), performance.now() >= 3 * day, new Date().getTimezoneOffset())
const dates = [0, 951_782_400_000, -1, 8.64e15, NaN, Date.UTC(2024, 1, 29, 23, 59, 59, 999), Date.parse('2000-02-29'), Date.parse('2011-10-10T14:48:00.000+09:00'), Date.parse('Thu, 01 Jan 1970 00:00:00 GMT+0200'), +new Date(2019, 0, 31, 12), Date.UTC(99, 0)]
for (const ms of dates) { const date = new Date(ms); busy(100); console.log(ms, Number.isNaN(date.getTime()) ? String(date) : [date.toISOString(), date.getDay(), date.toUTCString(), String(date)].join(' | '), JSON.stringify({ date })) }
const date = new Date(Date.UTC(2023, 0, 31))
date.setUTCMonth(1); console.log(date.toISOString())
date.setUTCFullYear(2024, 1, 30); date.setUTCHours(25, 61, 61, 1001); console.log(date.toISOString(), date.valueOf() === +date, date[Symbol.toPrimitive]('default'), `${date - 1}`)
try { new Date(NaN).toISOString() } catch (error) { console.log(error.name) }
let leaps = 0
for (let year = 1800; year <= 2200; year++) if (new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1) leaps++
check('leap years', leaps, 97)
let friday13 = 0
for (let month = 0; month < 240; month++) if (new Date(Date.UTC(2000, month, 13)).getUTCDay() === 5) friday13++
console.log(friday13, new Date(2020, 5).getMonth(), typeof Date(), new Date(2024, 0, 1, 0, 0, 0).toString(), new Date(0).toDateString(), new Date(0).toTimeString())
console.log(new Date(8.64e15 + 1).getTime(), Date.UTC(), new Date('nonsense').getTime(), new Date(2020).getTime(), new Date('2020').getTime(), new Date('2020-01-01T00:00').getTime(), Date.length)
