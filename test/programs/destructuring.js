const deepValue = ({ a: { b: [, second = 'none'] = [] } = {}, ...rest }) => [second, Object.keys(rest).length]
const results = []
for (let i = 0; i < 300; i++) results.push(deepValue(i % 2 ? { a: { b: [0, i] }, c: 1, d: 2 } : { e: i })[0])
console.log(results.filter((one) => one === 'none').length, results[299])
const spread = (...args) => Math.max(...args, ...args.map((x) => x / 2))
let most = 0
for (let i = 0; i < 200; i++) most = Math.max(most, spread(...Array.from({ length: 20 }, (_, k) => (k * i) % 73)))
console.log(most, { ...{ x: 1 }, ...[9, 8] }, [...'héllo'].reverse().join(''))
const tag = (parts, ...values) => parts.raw.map((part, i) => part + (values[i] ?? '')).join('|')
console.log(tag`a${1}b\n${2}c`)
