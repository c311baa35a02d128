'use strict'
/*---
description: stands alone
flags: [raw]
---*/
if (typeof assert !== 'undefined') throw new Error('the harness is here')
