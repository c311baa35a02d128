import { isEven } from './even.js'
import { note } from './order.js'
note('odd')
export const isOdd = (n) => (n === 0 ? false : isEven(n - 1))
