/**
 * The few globals that every realm (browser page, web worker, Node, worker thread) has and that the core uses.
 * The core is compiled without the DOM's and Node's types, so that a stray `document` or `process` is a type error.
 * Deliberately absent: timers, Date-dependent APIs, fetch, WebSocket, crypto: those are ports.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean })
  decode(bytes: Uint8Array): string
}
