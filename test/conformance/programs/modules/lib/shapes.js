export * from './square.js'
export class Shape { static made = 0; constructor() { Shape.made++ } }
