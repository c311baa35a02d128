import { Shape } from './shapes.js'
const make = () => class extends Shape { constructor(side) { super(); this.side = side } get area() { return this.side ** 2 } }
let made
export const Square = new Proxy(class {}, { construct: (_, args) => new (made ??= make())(...args), get: (_, key) => Reflect.get((made ??= make()), key) })
