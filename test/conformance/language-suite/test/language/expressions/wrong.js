/*---
description: fails on purpose
flags: [noStrict]
---*/
assert.sameValue(1 + 1, 3, 'one and one')
