import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gatherWrites } from './gather-writes.ts';
import { RecordStream } from './record-stream.ts';

test('what is written in one turn leaves together and in order, and the next turn begins anew', async () => {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      writes.push(chunk);
      done();
    },
    writev: (chunks, done) => {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  for (const text of ['a', 'b', 'c']) {
    gatherWrites(stream);
    stream.write(text);
  }
  expect(writes).toEqual([]);
  await nextTurn();
  expect(writes).toEqual(['abc']);
  gatherWrites(stream);
  stream.write('d');
  // An end waits for nothing.
  stream.end('e');
  expect(writes).toEqual(['abc', 'de']);
  await nextTurn();
  expect(writes).toEqual(['abc', 'de']);
});

test('records of one turn are chunks of their own: there are clients that take a chunk for a record', async () => {
  const server = createServer((_request, response) => {
    const records = new RecordStream(response, 1e6, () => {});
    for (const text of ['one', 'two', 'three']) records.write(Buffer.from(text));
    records.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const chunks = await new Promise<string[]>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const call = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      const got: string[] = [];
      response.on('data', (chunk: Buffer) => got.push(chunk.toString()));
      response.on('end', () => {
        resolve(got);
      });
    });
    call.on('error', reject);
    call.end();
  });
  server.close();
  expect(chunks).toEqual(['3\none', '3\ntwo', '5\nthree']);
});
