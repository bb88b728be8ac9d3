import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { frameRecord } from '../../drivers/linux/index.ts';
import type { Connection } from './master-address.ts';
import type { Json } from './operator-api.ts';

/** Sends this process's standard input, and with a terminal its size, to a container until `stop`. */
export function attachInput(agent: Connection, containerId: Json, tty: boolean): { stop(): void } {
  const { stdin, stdout } = process;
  const make = agent.url.startsWith('https:') ? httpsRequest : httpRequest;
  const request: ClientRequest = make(`${agent.url}/api/v1`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/recordio',
      'Message-Content-Type': 'application/json',
      Accept: 'application/json',
      ...(agent.authorization === null ? {} : { Authorization: agent.authorization }),
    },
    agent: false,
    ...(agent.ca === null ? {} : { ca: agent.ca }),
  });
  // The session's own stream tells how it ended.
  request.on('error', () => {
    request.destroy();
  });
  request.on('response', (response) => response.resume());
  const write = (input: Json) => {
    const record = { type: 'ATTACH_CONTAINER_INPUT', attach_container_input: input };
    request.write(frameRecord(Buffer.from(JSON.stringify(record))));
  };
  const processIo = (io: Json) => {
    write({ type: 'PROCESS_IO', process_io: io });
  };
  write({ type: 'CONTAINER_ID', container_id: containerId });
  const onData = (data: Buffer) => {
    processIo({ type: 'DATA', data: { type: 'STDIN', data: data.toString('base64') } });
  };
  const onEnd = () => {
    processIo({ type: 'DATA', data: { type: 'STDIN', data: '' } });
    request.end();
  };
  const onResize = () => {
    const size = { rows: stdout.rows, columns: stdout.columns };
    processIo({ type: 'CONTROL', control: { type: 'TTY_INFO', tty_info: { window_size: size } } });
  };
  if (tty && stdin.isTTY) {
    stdin.setRawMode(true);
    stdout.on('resize', onResize);
  }
  stdin.on('data', onData);
  stdin.once('end', onEnd);
  return {
    stop() {
      stdin.removeListener('data', onData);
      stdin.removeListener('end', onEnd);
      stdout.removeListener('resize', onResize);
      if (tty && stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      request.destroy();
    },
  };
}
