const text = 'id=17; name=Ada; born=1815-12-10; died=1852-11-27; '.repeat(12)
const date = /(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)/dg
let sum = 0
for (const { groups, indices, index } of text.matchAll(date)) sum += Number(groups.year) + indices.groups.month[0] - index + (busy(10) & 0)
check('named groups', sum, 12 * (1815 + 1852 + 10))
const sticky = /\w+=/y
const found = []
for (sticky.lastIndex = 0; ;) { const at = sticky.lastIndex; const match = sticky.exec(text); if (match === null) { const next = text.indexOf(' ', at); if (next < 0 || found.length > 20) break; sticky.lastIndex = next + 1 } else { found.push(match[0]); busy(20) } }
console.log(found.length, found.slice(0, 4), sticky.lastIndex)
console.log('price: $30, €20, $7'.match(/(?<=\$)\d+/g), 'price: $30, €20'.match(/(?<!\$|\d)\d+/g), 'aXbX'.replace(/X(?!$)/g, '-'), 'a1b22'.replace(/(?<letter>[a-z])(?<digits>\d+)/g, '$<digits>$<letter>$$$&$`|'))
console.log(/^(?:(a)|(b)|(c))+$/.exec('abc'), /(z)((a+)?(b+)?(c))*/.exec('zaacbbbcac'), /\bfoo\b/i.test('a FOO.'), /a.c/s.test('a\nc'), /^b/m.test('a\nb'))
console.log('😀x'.match(/./u)[0].length, '😀'.match(/./)[0].length, /\u{1F600}/u.test('😀'), /^\p{Script=Greek}+$/u.test('αβγ'), /\p{Emoji}/u.test('😀'), 'ǅ'.match(/\p{Lt}/u)?.[0], /[\p{L}--[a-z]]/v.test('a'), /[\p{L}--[a-z]]/v.test('é'), /^\p{RGI_Emoji_Flag_Sequence}$/v.test('🇩🇪'))
console.log(/(?<year>\d{4})|(?<year>\d\d)/.exec('18')?.groups.year, /(?i:a)b/.test('Ab'), /(?i:a)b/.test('AB'), /(\w)\1/.exec('hello')?.[0], /(?<q>['"]).*?\k<q>/.exec(`say "it's"`)?.[0])
const replaced = text.replace(/\d/g, (digit, at) => { busy(15); return at % 2 ? digit : '#' })
check('callback', replaced.replace(/[^#]/g, '').length + (text.match(/\d/g).length - replaced.match(/\d/g).length), 2 * replaced.match(/#/g).length)
console.log('a,b;c'.split(/([,;])/), 'abc'.split(/(?:)/u), ''.split(/x/), 'aXbxc'.split(/x/i, 2), 'x'.search(/y/))
const global = /a/g
console.log(global.test('aa'), global.lastIndex, global.test('aa'), global.lastIndex, global.test('aa'), global.lastIndex)
class Loud extends RegExp { exec(s) { busy(20); const m = super.exec(s); if (m) m[0] = m[0].toUpperCase(); return m } get flags() { return super.flags } }
console.log('abcabc'.replace(new Loud('b', 'g'), '[$&]'), new Loud('x', 'gimsuy').flags, String(new RegExp('/\n')), RegExp.escape?.('a.b') ?? '\\x61\\.b')
let backtracks = 0
for (let n = 4; n < 15; n++) if (!/^(a|aa)+$/.test(`${'a'.repeat(n)}b`)) backtracks++
check('backtracking', backtracks, 11)
for (const source of ['(', '[b-a]', 'a{2,1}', '(?<n>a)(?<n>b)', '\\u{110000}']) try { new RegExp(source, 'u'); console.log('none') } catch (error) { console.log(error.name) }
