/*---
description: fails, for it never says that it is done
flags: [async]
---*/
new Promise(function () {})
