/*---
description: ends in an error of its own
negative:
  phase: runtime
  type: RangeError
---*/
new Array(-1)
