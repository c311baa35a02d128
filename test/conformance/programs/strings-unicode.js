const samples = ['straße', 'ﬃ', 'İstanbul', 'ΌΣΟΣ', 'e\u0301', 'é', '한글', '한', '𝒳yz', '👩‍👩‍👧', 'Å', '\ud800', 'a\u200db', 'ǆ', 'ß', 'ŉ', 'Ω']
for (const text of samples) {
  busy(120)
  console.log([text.length, [...text].length, text.toUpperCase(), text.toLowerCase(), text.normalize('NFC').length, text.normalize('NFD').length, text.normalize('NFKC'), text.normalize('NFKD').length, text.isWellFormed(), escape(text.toWellFormed())].join(' '))
}
console.log('a😀b'.at(1), 'a😀b'.codePointAt(1), 'a😀b'.charAt(2), String.fromCodePoint(0x1f600, 97), 'a😀b'.split(''), Array.from('a😀b'), '😀'.substring(0, 1) === '\ud83d')
console.log(['z', 'a', 'Z', 'é', 'e', 'ä', '10', '9', ''].sort(), ['z', 'a', 'Z', 'é', 'e', 'ä'].sort((a, b) => a.localeCompare(b)), 'a'.localeCompare('b'), 'b'.localeCompare('a'), 'a'.localeCompare('a'))
console.log(' \t\n\u00a0\ufeff\u2003x\u180e '.trim().length, '\u2028x\u2029'.trim(), '  pad '.trimStart() + '|', '  pad '.trimEnd() + '|', 'abc'.padEnd(8, '12'), 'abc'.padStart(2), 'x'.padEnd(5, ''))
for (const name of ['at', 'charAt', 'concat', 'endsWith', 'includes', 'indexOf', 'lastIndexOf', 'repeat', 'slice', 'substr', 'substring', 'split', 'startsWith', 'anchor', 'big', 'link', 'sub']) console.log(name, JSON.stringify('mississippi'[name](...{ at: [-3], charAt: [99], concat: [1, null], endsWith: ['ss', 4], includes: ['ssi', 3], indexOf: ['', 99], lastIndexOf: ['ss', 4], repeat: [2], slice: [-4, -1], substr: [-3, 2], substring: [5, 2], split: ['ss', 2], startsWith: ['is', 1], anchor: ['"'], big: [], link: ['u'], sub: [] }[name])))
const counts = {}
for (const char of 'ünïcödé téxt ünd mehr'.normalize('NFD')) { busy(10); const kind = /\p{M}/u.test(char) ? 'mark' : /\p{L}/u.test(char) ? 'letter' : /\p{Zs}/u.test(char) ? 'space' : 'other'; counts[kind] = (counts[kind] ?? 0) + 1 }
console.log(counts)
let upper = 0
for (let code = 0; code < 0x600; code++) { const char = String.fromCharCode(code); if (char.toUpperCase() !== char || char.toLowerCase() !== char) upper++ }
console.log(upper, 'Σας ΣΑΣ'.toLowerCase(), 'ΑΣ'.toLowerCase(), 'İ'.toLowerCase().length, 'ı'.toUpperCase())
for (const run of [() => 'x'.normalize('NFX'), () => String.fromCodePoint(-1), () => 'x'.repeat(Infinity), () => 'x'.startsWith(/x/), () => 'a'.replaceAll(/a/, ''), () => decodeURI('%80'), () => encodeURI('\ud800')]) try { run() } catch (error) { console.log(error.name) }
console.log(encodeURIComponent('ä/?😀 &'), encodeURI('ä/?😀 &'), decodeURIComponent('%F0%9F%98%80'), unescape('%u20AC%41'), escape('ü€'), 'abc'.replace('b', '$&$&$`$\''), 'aaa'.replaceAll('a', (m, i) => i))
console.log(new TextDecoder().decode(new TextEncoder().encode('𝒳\ud800é')), [...new TextEncoder().encode('€')], new TextDecoder('utf-8').decode(Uint8Array.of(0xef, 0xbb, 0xbf, 65, 255)), btoa('ÿ'), atob('/w=='))
let text = ''
for (let i = 0; i < 300; i++) text += String.fromCodePoint(0x1f300 + i)
check('pairs', [...text].length * 2, text.length)
console.log([...text].reverse().join('').codePointAt(0).toString(16))
