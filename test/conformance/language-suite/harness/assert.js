// Written for the test of the runner; the suite's own harness has the same names.
function assert(mustBeTrue, message) { if (mustBeTrue !== true) throw new Test262Error(message) }
assert.sameValue = function (actual, expected, message) { if (!Object.is(actual, expected)) throw new Test262Error(message || 'expected ' + String(expected) + ', got ' + String(actual)) }
assert.throws = function (Kind, run) { try { run() } catch (error) { if (error.constructor === Kind) return; throw new Test262Error('threw ' + error.name) } throw new Test262Error('did not throw') }
