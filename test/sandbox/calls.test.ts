import { describe, expect, test } from 'vitest'
import { didOf } from '../../src/identity/did.ts'
import { answerCall, type Call, parseCall, refuseCall } from '../../src/sandbox/calls.ts'
import { CALL_ARGS_LENGTH_MAX } from '../../src/sandbox/limits.ts'

// The public key of RFC 8032, section 7.1, test 1.
const KEY = Uint8Array.from(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'))
const host = didOf(KEY)
const parse = (name: string, argsJson: string) => parseCall({ request: 1, name, argsJson })

describe('a call is read as what it says', () => {
  const calls: [string, string, Call][] = [
    ['self', '{}', { name: 'self' }],
    ['checkpoint', '{}', { name: 'checkpoint' }],
    ['hosts', '{}', { name: 'hosts' }],
    ['move', '{"where":"anywhere"}', { name: 'move', where: { to: 'anywhere' } }],
    ['move', '{"where":{"home":true}}', { name: 'move', where: { to: 'home' } }],
    ['move', '{"where":{"kind":"tab"}}', { name: 'move', where: { to: 'kind', kind: 'tab' } }],
    ['move', `{"where":{"host":"${host}"}}`, { name: 'move', where: { to: 'host', host } }],
    ['progress', '{"fraction":0.5,"note":"half"}', { name: 'progress', fraction: 0.5, note: 'half' }],
    ['emit', '{"value":{"$bytes":"AAA="}}', { name: 'emit', valueJson: '{"$bytes":"AAA="}' }],
    ['asset', '{"name":"words.txt"}', { name: 'asset', asset: 'words.txt' }],
    ['read', '{"path":"data/part-1.csv"}', { name: 'read', path: 'data/part-1.csv' }],
  ]
  test.each(calls)('%s %s', (name, argsJson, call) => {
    expect(parse(name, argsJson)).toEqual({ ok: true, value: call })
  })
})

describe('a call is refused', () => {
  const refusals: [string, string, string, string][] = [
    ['open', '{}', 'UNKNOWN_CALL', 'there is no call "open"'],
    ['__proto__', '{}', 'UNKNOWN_CALL', 'there is no call "__proto__"'],
    ['self', '{', 'INVALID', 'args of self: '],
    ['self', '[]', 'INVALID', 'self is not an object'],
    ['self', '{"as":"root"}', 'INVALID', 'self has an unknown field "as"'],
    ['move', '{}', 'INVALID', 'move has no "where"'],
    ['move', '{"where":"home"}', 'INVALID', 'where is none of { home }, { host }, { kind }, "anywhere"'],
    ['move', '{"where":{"home":false}}', 'INVALID', 'where.home is false'],
    ['move', '{"where":{"home":true,"host":"x"}}', 'INVALID', 'where has an unknown field "host"'],
    ['move', '{"where":{"host":"did:key:zNo"}}', 'INVALID', 'where.host: '],
    ['move', '{"where":{"kind":"launcher"}}', 'INVALID', 'where.kind is none of edge, tab'],
    ['progress', '{"fraction":2,"note":""}', 'INVALID', 'fraction is not within 0..1'],
    ['progress', '{"fraction":null,"note":""}', 'INVALID', 'fraction is not within 0..1'],
    ['progress', `{"fraction":0,"note":"${'n'.repeat(257)}"}`, 'INVALID', 'note length 257 > 256'],
    ['asset', '{"name":7}', 'INVALID', 'name is not a text'],
    ['emit', `{"value":"${'x'.repeat(CALL_ARGS_LENGTH_MAX)}"}`, 'QUOTA', 'args length'],
  ]
  test.each(refusals)('%s %#', (name, argsJson, code, reason) => {
    const call = parse(name, argsJson)
    expect(call).toMatchObject({ ok: false, code })
    if (!call.ok) expect(call.reason).toContain(reason)
  })

  test('for nesting that no stack can write again, without a throw', () => {
    const deep = `{"value":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    expect(parse('emit', deep)).toMatchObject({ ok: false, code: 'INVALID' })
  })
})

test('answers carry bytes in the form the prelude reads', () => {
  expect(answerCall(7, 'read', Uint8Array.of(1, 2, 3, 4))).toEqual({
    request: 7,
    outcome: { ok: true, valueJson: '{"$bytes":"AQIDBA=="}' },
  })
  expect(answerCall(8, 'checkpoint', true).outcome).toEqual({ ok: true, valueJson: 'true' })
  expect(refuseCall(9, 'DENIED', 'no').outcome).toEqual({ ok: false, code: 'DENIED', reason: 'no' })
})
