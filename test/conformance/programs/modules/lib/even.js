import { isOdd } from './odd.js'
import { note } from './order.js'
note('even')
export const isEven = (n) => (n === 0 ? true : isOdd(n - 1))
