import { note } from './order.js'
note('counter')
export let count = 5
let hidden = 0
export const increase = (by) => { count += by; hidden++ }
export { hidden as renamed }
export default function () { return `${count} after ${hidden}` }
