import { RecordParser } from '../../drivers/linux/index.ts';
import { ClusterError } from './cluster-error.ts';
import { send, successText } from './http-call.ts';
import type { Connection } from './master-address.ts';
import { idOf, type Json, object, word } from './operator-api.ts';

const PATH = '/api/v1/scheduler';
const RECORD_MAX = 64 * 1_024 * 1_024;

/** A small scheduler over the v1 API (spec 03): one subscription, events in their order. */
export class SchedulerClient {
  readonly #connection: Connection;
  readonly #streamId: string;
  readonly #abort: AbortController;
  readonly frameworkId: string;

  private constructor(connection: Connection, streamId: string, frameworkId: string, abort: AbortController) {
    this.#connection = connection;
    this.#streamId = streamId;
    this.frameworkId = frameworkId;
    this.#abort = abort;
  }

  /**
   * Subscribes, or comes back as `frameworkId`. `take` gets every event after SUBSCRIBED; `ended` is called once, when the stream ends, with an error if it broke. Throws
   * ClusterError.
   */
  static async subscribe(
    connection: Connection,
    frameworkInfo: Json,
    take: (event: Json, client: SchedulerClient) => void,
    ended: (error: ClusterError | null) => void,
    frameworkId: string | null = null,
  ): Promise<SchedulerClient> {
    const abort = new AbortController();
    const answer = await send(connection, {
      method: 'POST',
      path: PATH,
      json: {
        type: 'SUBSCRIBE',
        ...(frameworkId === null ? {} : { framework_id: { value: frameworkId } }),
        subscribe: { framework_info: frameworkInfo },
      },
      signal: abort.signal,
    });
    if (answer.status !== 200) await successText(answer, 'SUBSCRIBE');
    const { response, url } = answer;
    const parser = new RecordParser(RECORD_MAX);
    const leader = { ...connection, url };
    return await new Promise((resolve, reject) => {
      let client: SchedulerClient | null = null;
      const over = (error: ClusterError | null) => {
        if (client === null) reject(error ?? new ClusterError(`${url} has ended the subscription`));
        else ended(abort.signal.aborted ? null : error);
      };
      response.on('data', (bytes: Buffer) => {
        parser.push(bytes, (record) => {
          const event = JSON.parse(Buffer.from(record).toString()) as Json;
          if (event['type'] === 'ERROR') {
            over(
              new ClusterError(
                `the master refuses the subscription: ${word(object(event['error'])['message'])}`,
              ),
            );
          } else if (event['type'] === 'SUBSCRIBED') {
            const id = idOf(object(event['subscribed'])['framework_id']);
            client = new SchedulerClient(leader, word(response.headers['mesos-stream-id']), id, abort);
            resolve(client);
          } else if (event['type'] !== 'HEARTBEAT' && client !== null) {
            take(event, client);
          }
        });
      });
      response.once('end', () => {
        over(new ClusterError(`${url} has closed the subscription`));
      });
      response.once('error', (error) => {
        over(new ClusterError(`the connection to ${url} broke: ${error.message}`, { cause: error }));
      });
    });
  }

  /** Sends a call. Throws ClusterError if it is refused. */
  async call(type: string, fields: Json | null): Promise<void> {
    const answer = await send(this.#connection, {
      method: 'POST',
      path: PATH,
      headers: { 'Mesos-Stream-Id': this.#streamId },
      json: {
        type,
        framework_id: { value: this.frameworkId },
        ...(fields === null ? {} : { [type.toLowerCase()]: fields }),
      },
    });
    await successText(answer, type);
  }

  close(): void {
    this.#abort.abort();
  }
}
