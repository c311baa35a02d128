/*---
description: with is for sloppy code
flags: [noStrict]
---*/
with ({ inside: 4 }) assert.sameValue(inside, 4)
