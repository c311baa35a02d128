/*---
description: needs what agents lack
features: [SharedArrayBuffer, Symbol]
---*/
new SharedArrayBuffer(1)
