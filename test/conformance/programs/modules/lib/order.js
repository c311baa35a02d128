export const order = []
export const note = (name) => { order.push(name); for (let i = 0; i < 500; i++) order.length += 0 }
