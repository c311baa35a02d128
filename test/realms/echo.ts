/** The smallest code for a realm: says its bytes backwards, and fails on request. */
export function answer(request: Uint8Array): Uint8Array {
  if (request.length === 0) throw new RangeError('nothing to say')
  return request.slice().reverse()
}
