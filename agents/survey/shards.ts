/** Cuts a table into shards by rows, each with the header, so that every host can hold one. */
export function shards(csv: string, count: number): string[] {
  const [header = '', ...rows] = csv.split('\n').filter((line) => line.trim() !== '')
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * rows.length) / count)
    const to = Math.floor(((index + 1) * rows.length) / count)
    return `${[header, ...rows.slice(from, to)].join('\n')}\n`
  })
}
