/** The form of every attack: what is set up, what is attempted, and two lines about how that went. */
export const attack = (before: string, attempted: string): string =>
  `let calls = 0
  const words = (e) => e instanceof Error ? e.name + ': ' + e.message : 'thrown ' + typeof e
  ${before}
  let ended
  try { const value = ${attempted}; ended = typeof value === 'object' || typeof value === 'function' ? typeof value : String(value).slice(0, 80) } catch (e) { ended = words(e) }
  console.log(ended)
  console.log(calls)`

/** One that is over when a promise is. */
export const asyncAttack = (before: string, attempted: string): string =>
  `let calls = 0
  const words = (e) => e instanceof Error ? e.name + ': ' + e.message : 'thrown ' + typeof e
  ${before}
  let ended
  try { ended = typeof await ${attempted} } catch (e) { ended = words(e) }
  console.log(ended)
  console.log(calls)`
