const K = new Uint32Array(64), H0 = new Uint32Array(8)
{ let n = 0; for (let p = 2; n < 64; p++) { let prime = true; for (let d = 2; d * d <= p; d++) if (p % d === 0) { prime = false; break } if (!prime) continue; if (n < 8) H0[n] = (Math.sqrt(p) % 1) * 2 ** 32; K[n++] = (Math.cbrt(p) % 1) * 2 ** 32 } }
const rotate = (x, n) => (x >>> n) | (x << (32 - n))
const sha256 = (message) => {
  const length = message.length, padded = new Uint8Array(((length + 9 + 63) >> 6) << 6)
  padded.set(message); padded[length] = 0x80
  const view = new DataView(padded.buffer); view.setUint32(padded.length - 4, length * 8)
  const h = H0.slice(), w = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i)
    for (let i = 16; i < 64; i++) { const a = w[i - 15], b = w[i - 2]; w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10)) }
    let [a, b, c, d, e, f, g, x] = h
    for (let i = 0; i < 64; i++) { const t1 = (x + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0, t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0; [x, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0] }
    for (const [i, v] of [a, b, c, d, e, f, g, x].entries()) h[i] += v
  }
  return [...h].map((v) => v.toString(16).padStart(8, '0')).join('')
}
check('empty', sha256(new Uint8Array(0)), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
check('abc', sha256(new TextEncoder().encode('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
const text = 'she sells sea shells by the sea shore, the shells she sells are sea shells. '.repeat(6)
const compress = (input) => { const dictionary = new Map(Array.from({ length: 256 }, (_, i) => [String.fromCharCode(i), i])); let phrase = ''; const out = []; for (const char of input) { if (dictionary.has(phrase + char)) phrase += char; else { out.push(dictionary.get(phrase)); dictionary.set(phrase + char, dictionary.size); phrase = char } } out.push(dictionary.get(phrase)); return out }
const expand = (codes) => { const dictionary = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)); let last = dictionary[codes[0]]; let out = last; for (const code of codes.slice(1)) { const entry = dictionary[code] ?? last + last[0]; out += entry; dictionary.push(last + entry[0]); last = entry } return out }
const codes = compress(text)
check('round trip', expand(codes), text)
console.log(codes.length, text.length, sha256(Uint8Array.from(codes.map((c) => c & 255))))
const crcTable = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n })
const crc = (bytes) => ~bytes.reduce((c, b) => crcTable[(c ^ b) & 255] ^ (c >>> 8), -1) >>> 0
check('crc', crc(new TextEncoder().encode('123456789')), 0xcbf43926)
const frequencies = [...text].reduce((m, c) => m.set(c, (m.get(c) ?? 0) + 1), new Map())
let nodes = [...frequencies].map(([char, n]) => ({ char, n }))
while (nodes.length > 1) { nodes.sort((a, b) => a.n - b.n || (a.char ?? '~' + a.n).localeCompare(b.char ?? '~' + b.n)); const [a, b, ...rest] = nodes; nodes = [...rest, { n: a.n + b.n, left: a, right: b }] }
const codebook = new Map(); (function mark(node, bits) { if (node.char !== undefined) codebook.set(node.char, bits); else { mark(node.left, bits + '0'); mark(node.right, bits + '1') } })(nodes[0], '')
const encoded = [...text].map((c) => codebook.get(c)).join('')
let back = ''; for (let node = nodes[0], i = 0; i < encoded.length; i++) { node = encoded[i] === '0' ? node.left : node.right; if (node.char !== undefined) { back += node.char; node = nodes[0] } }
check('huffman', back, text)
console.log(encoded.length, btoa(text).length, [...codebook].map(([c, b]) => c + b).join(' ').slice(0, 60))
