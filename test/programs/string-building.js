let text = ''
for (let i = 0; i < 4000; i++) {
  text += `${i.toString(36)},`
  if (text.length > 2000) text = text.split(',').slice(-20).reverse().join('-')
}
console.log(text.length, text.slice(0, 30))
let hash = 5381
for (const char of text.padStart(500, 'xyz').repeat(10)) hash = (Math.imul(hash, 33) ^ char.codePointAt(0)) >>> 0
console.log(hash, [...'añ🚀'].length, 'straße'.toUpperCase(), 'abc'.localeCompare('abd'))
