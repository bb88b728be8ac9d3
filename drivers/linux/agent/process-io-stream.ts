import type { ServerResponse } from 'node:http';
import { micros } from '../../../engine/core/index.ts';
import type { ProcessIo } from '../../../engine/protocol/index.ts';
import { type MediaType, writeMessage } from '../codec/message/media-type.ts';
import { processIoToWire } from '../codec/parts/process-io.ts';
import { RecordStream } from '../http/record-stream.ts';
import { ProcessIOSchema } from '../proto/generated/mesos/v1/agent/agent_pb.ts';
import type { DebugContainer } from './debug-containers.ts';

const HEARTBEAT_MS = 30_000;
/** With so much waiting for the reader the process waits, too. */
const WAITING_MAX = 1_024 * 1_024;

/** Sends a container's output to a client as it comes, until it ends (spec 06 §A). `closed` is called once, however it ended. */
export function streamOutput(
  container: DebugContainer,
  response: ServerResponse,
  type: MediaType,
  bufferMax: number,
  closed: () => void,
): void {
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    clearInterval(heartbeat);
    closed();
  };
  const records = new RecordStream(response, bufferMax, close);
  const write = (io: ProcessIo): void => {
    records.write(writeMessage(ProcessIOSchema, processIoToWire(io), type));
  };
  const heartbeat = setInterval(() => {
    write({
      type: 'CONTROL',
      control: { type: 'HEARTBEAT', interval: micros(HEARTBEAT_MS * 1_000) },
    });
  }, HEARTBEAT_MS);
  const { stdout, stderr } = container.session;
  let open = 0;
  for (const [stream, name] of [
    [stdout, 'STDOUT'],
    [stderr, 'STDERR'],
  ] as const) {
    if (stream === null) continue;
    open++;
    stream.on('data', (data: Buffer) => {
      write({ type: 'DATA', data: { type: name, data } });
      if (records.waiting <= WAITING_MAX || !records.isOpen) return;
      stream.pause();
      response.once('drain', () => stream.resume());
    });
    stream.once('close', () => {
      open--;
      if (open > 0) return;
      void container.ended.then(() => {
        records.end();
        close();
      });
    });
  }
}
