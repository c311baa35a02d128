import type { MachineImage } from '../../src/engine/image.ts'
import { type Claim, freezeInside, play, same, straight } from './play.ts'

/** What two agents of one host have of each other: nothing, though one works as hard as it can. */
const SECRET = 'the-secret-of-the-other-agent-4711'

/** Stands in the middle of its loop with a heap full of patterns; its end depends on all of them. */
const VICTIM = `
const secret = '${SECRET}'.split('').reverse().reverse().join('')
const words = Uint32Array.from({ length: 50_000 }, (_, i) => Math.imul(i, 2654435761))
const things = Array.from({ length: 500 }, (_, i) => ({ i, name: secret + i }))
console.log('in')
let sum = 0
for (let i = 0; i < 100_000; i++) sum = (Math.imul(sum, 31) + words[i % words.length] + things[i % 500].name.length) | 0
console.log('out', sum)`

/** 100,000 operations on everything that a program can write to, at every place of it that it can name. */
const OPERATIONS = 100_000
const ATTACKER = `
const bytes = new Uint8Array(1 << 20), words = new Float64Array(bytes.buffer), kept = []
let text = ''
for (let i = 0; i < ${OPERATIONS}; i++) {
  const at = Math.imul(i, 2654435761) >>> 0
  switch (i % 6) {
    case 0: bytes[at] = i; bytes[at % bytes.length] = i; break
    case 1: words[-i] = i; words[at % words.length] = i; break
    case 2: kept[i % 1000] = { at, text: 'x'.repeat(at % 50) }; break
    case 3: bytes.copyWithin(at % bytes.length, 0, at % 64); break
    case 4: new DataView(bytes.buffer).setUint32(at % (bytes.length - 4), i); break
    case 5: text = (text + String.fromCharCode(at % 65536)).slice(-200)
  }
}
console.log('done', kept.length, text.length)
for (;;);`

const claims: Claim[] = []
const claim = (text: string, prove: Claim['prove']): void => void claims.push({ claim: text, prove })

claim('100,000 operations of one agent change nothing of another', async (place) => {
  const alone = await straight(place, VICTIM)
  const { played, image } = await freezeInside(place, VICTIM)
  const attacker = play(place, { code: ATTACKER })
  const { text } = await attacker.next('console')
  same(text.startsWith('done'), true, text)
  played.guest.freeze()
  same((await played.next('frozen')).image, image, 'memory of the agent beside it')
  attacker.guest.terminate()
  played.guest.run()
  same(await played.next('finished'), alone.end, 'its end')
})

claim('nothing of one agent’s memory is found in another’s', async (place) => {
  const victim = await freezeInside(place, VICTIM)
  const other = await freezeInside(place, ATTACKER.replace('for (;;);', "console.log('in')\nfor (;;);"))
  same([contains(victim.image, SECRET), contains(other.image, SECRET)], [true, false], 'found in its own, in the other')
  victim.played.guest.terminate()
  other.played.guest.terminate()
})

function contains({ pages }: MachineImage, text: string): boolean {
  const wanted = Array.from(text, (character) => character.charCodeAt(0))
  return [...pages.values()].some((page) => {
    for (let at = page.indexOf(wanted[0] ?? 0); at >= 0; at = page.indexOf(wanted[0] ?? 0, at + 1))
      if (wanted.every((byte, i) => page[at + i] === byte)) return true
    return false
  })
}

export const APART_CLAIMS: readonly Claim[] = claims
