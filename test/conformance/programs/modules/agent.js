// The author's tools bundle it: cycles, live bindings, re-exports, a module evaluated once, top-level state.
import { agent } from 'sojourn/agent'
import { isEven } from './lib/even.js'
import * as odd from './lib/odd.js'
import counter, { count, increase, renamed as other } from './lib/counter.js'
import { order } from './lib/order.js'
import data from './lib/data.json'
import { Shape, Square } from './lib/shapes.js'

export default agent(async (self, input) => {
  const log = [...order]
  log.push(isEven(40), odd.isOdd(7), Object.keys(odd).sort().join(), count, other)
  for (let i = 0; i < 30; i++) increase(i)
  log.push(count, counter(), new Square(3).area, new Square(2) instanceof Shape, Shape.made)
  let sum = 0
  for (const row of data.rows) for (let i = 0; i < 400; i++) sum = (sum * 31 + row.value * i) | 0
  log.push(sum, data.name, input.n)
  try { await import(`./lib/${log.length}.js`); log.push('imported') } catch (error) { log.push(`dynamic import: ${error.name}`) }
  try { Reflect.defineProperty(odd, 'isOdd', { value: 1 }); log.push(odd.isOdd === 1) } catch (error) { log.push(error.name) }
  for (const line of log) console.log(line)
  return { lines: log.length, sum }
})
