/*---
description: for-of closes its iterator
includes: [spin.js]
features: [Symbol.iterator]
---*/
var closed = 0
var source = { [Symbol.iterator]() { return { next: () => ({ done: false, value: spin(300) }), return() { closed++; return {} } } } }
for (var value of source) break
assert.sameValue(closed, 1)
