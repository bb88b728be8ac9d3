import type { Writable } from 'node:stream';

/**
 * What is written within one turn of the event loop goes to the kernel at once: a write there costs more than what it writes. Each write stays a chunk of its own
 * for HTTP, which some clients take for a record.
 */
export function gatherWrites(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(uncork, stream);
}

function uncork(stream: Writable): void {
  stream.uncork();
}
