const text = 'The year 1998, the year 2024 and the year 2038. '.repeat(20)
let calls = 0
const replaced = text.replace(/(?<word>year) (\d+)/g, (match, word, year) => {
  let sum = 0
  for (let i = 0; i < 200; i++) sum += i
  calls++
  return `${word}:${Number(year) + sum}`
})
console.log(calls, replaced.length, replaced.slice(0, 40))
const pattern = /(\d)(\d)/gy
pattern.lastIndex = 9
console.log(pattern.exec(text)?.[0], pattern.lastIndex, [...text.matchAll(/\b\w{4}\b/g)].length)
console.log(/^(?:a+)+$/.test(`${'a'.repeat(14)}b`), 'ﬀ'.normalize('NFKC'), /\p{Lu}/u.test('É'))
