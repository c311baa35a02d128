globalThis.__agent = async () => { busy(4000); await null; const result = { a: 1 }; result.self = result; return result }
