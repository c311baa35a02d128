/*---
description: strict code cannot make a global by accident
flags: [onlyStrict]
---*/
assert.throws(ReferenceError, function () { accident = 1 })
