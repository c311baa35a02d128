/** A board is the column of each row's queen, from the first row on. */
export type Board = readonly number[]

const isSafe = (board: Board, column: number): boolean =>
  board.every((taken, row) => taken !== column && Math.abs(taken - column) !== board.length - row)

/** Every way to fill the first rows. */
export function openings(size: number, rows: number): Board[] {
  if (rows === 0) return [[]]
  return openings(size, rows - 1).flatMap((board) =>
    Array.from({ length: size }, (_, column) => column)
      .filter((column) => isSafe(board, column))
      .map((column) => [...board, column]),
  )
}

/** How many ways there are to fill the rest. */
export function complete(board: Board, size: number): number {
  if (board.length === size) return 1
  let ways = 0
  for (let column = 0; column < size; column++) if (isSafe(board, column)) ways += complete([...board, column], size)
  return ways
}
