/*---
description: a test that holds in both modes
---*/
var isStrict = (function () { return this === undefined })()
assert.sameValue(typeof (function () { return this })(), isStrict ? 'undefined' : 'object')
assert.throws(ReferenceError, function () { return neverDeclared })
