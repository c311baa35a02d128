/*---
description: a declaration twice
negative:
  phase: parse
  type: SyntaxError
---*/
$DONOTEVALUATE()
let twice
let twice
