import type { AgentId } from '../directory/agent-id.ts'
import { enterName } from '../directory/name-book.ts'
import type { Birth, Letter, Mail, NameEntry } from '../wire/mail.ts'
import { putAgain } from './mailbox.ts'
import { gone } from './records.ts'
import { persist, type Turn } from './turn.ts'

/** Mail and names of the life before. Letters stand in the order of their places; what belongs to nobody here is let go of. */
export function restoreMail(turn: Turn, records: ReadonlyMap<string, unknown>): void {
  const { state } = turn
  const letters: (readonly [string, Letter])[] = []
  for (const [key, value] of records) {
    if (key.startsWith('mail/')) {
      const { mail, birth } = value as { mail: Mail; birth: Birth | null }
      const agent = key.slice('mail/'.length) as AgentId
      const row = state.rows.get(agent) ?? state.mirrors.get(agent)
      if (row) Object.assign(row, { mail, birth })
    } else if (key.startsWith('letter/')) letters.push([key, value as Letter])
    else if (key.startsWith('name/')) {
      const entry = value as NameEntry
      enterName(state.names, entry.record.statement, entry, turn.wallMs)
    }
  }
  for (const [key, letter] of letters.sort(([one], [other]) => (one < other ? -1 : 1))) {
    const mailbox = state.residents.get(letter.to)?.mailbox
    if (!mailbox || !putAgain(mailbox, letter)) persist(turn, gone(key))
  }
}
