/** The little of CSV (RFC 4180) that tables of measurements need: a header, commas, no quoted fields. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function readCsv(text: string): Table {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
  if (text.includes('"')) throw new Error('quoted fields are not supported')
  const [header = '', ...rest] = lines
  return { columns: header.split(','), rows: rest.map((line) => line.split(',')) }
}
