const rows = Array.from({ length: 60 }, (_, id) => ({ id, name: `item ${id}`, tags: ['a', String(id)], nested: { x: id / 3, deep: [[id]] } }))
let length = 0
for (let round = 0; round < 5; round++) length += JSON.stringify(JSON.parse(JSON.stringify(rows))).length
console.log(length)
console.log(JSON.stringify(rows.slice(0, 2), (key, value) => (key === 'tags' ? undefined : value), 1))
const revived = JSON.parse('{"a":[1,2,{"b":3}]}', (_, value) => (typeof value === 'number' ? value * 2 : value))
console.log(revived, structuredClone(new Map([[{ k: 1 }, new Date(0)]])))
