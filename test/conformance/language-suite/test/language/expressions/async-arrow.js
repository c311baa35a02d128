/*---
description: an async arrow that awaits
flags: [async]
includes:
  - spin.js
---*/
(async () => { spin(500); await null; return spin(500) })().then((value) => assert.sameValue(value, spin(500))).then($DONE, $DONE)
