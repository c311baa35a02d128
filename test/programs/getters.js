class Account {
  #balance = 0
  static #made = 0
  constructor() {
    Account.#made++
  }
  get balance() {
    let check = 0
    for (let i = 0; i < 50; i++) check += i
    return this.#balance + check - 1225
  }
  set balance(value) {
    for (let i = 0; i < 20; i++) value += 0
    this.#balance = value
  }
  static get made() {
    return Account.#made
  }
}
const accounts = Array.from({ length: 20 }, () => new Account())
for (let round = 0; round < 20; round++) for (const account of accounts) account.balance += round
console.log(accounts[3].balance, Account.made)
const text = { toString: () => { let s = ''; for (let i = 0; i < 100; i++) s += i % 10; return s } }
console.log(`${text}`.length, JSON.stringify({ toJSON() { let n = 0; for (let i = 0; i < 2000; i++) n += i; return n } }))
const watched = new Proxy({}, { get(_, key) { let n = 0; for (let i = 0; i < 500; i++) n += i; return `${String(key)}:${n}` } })
console.log(watched.alpha, watched.beta)
