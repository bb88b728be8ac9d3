import type { Logger } from 'pino';
import {
  type AgentOutput,
  type ExecutorCallError,
  type ExecutorClaims,
  type ExecutorRequestId,
  type ExecutorStreamId,
  executorCallErrorStatus,
  executorCallErrorText,
} from '../../../engine/agent/index.ts';
import type { ExecutorId, FrameworkId } from '../../../engine/core/index.ts';
import type { ExecutorCall } from '../../../engine/protocol/index.ts';
import { executorCallFromWire, executorCallType } from '../codec/executor-call.ts';
import { executorEventToWire } from '../codec/executor-event.ts';
import type { ExecutorUuids } from '../codec/ids/executor-uuids.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { type MediaType, readMessage, writeMessage } from '../codec/message/media-type.ts';
import { WireError } from '../codec/message/wire-error.ts';
import type { Exchange } from '../http/exchange.ts';
import type { HttpLimits } from '../http/limits.ts';
import { requestType, responseType } from '../http/negotiation.ts';
import { RecordStream } from '../http/record-stream.ts';
import { Refusal } from '../http/refusal.ts';
import { CallSchema, EventSchema } from '../proto/generated/mesos/v1/executor/executor_pb.ts';
import type { AgentLoop } from './agent-loop.ts';

interface ExecutorStream {
  readonly id: ExecutorStreamId;
  readonly records: RecordStream;
  readonly type: MediaType;
  /** To which the executor's resources are allocated. */
  readonly role: string | null;
  open(): void;
}

export interface ExecutorApiOptions {
  readonly loop: AgentLoop;
  readonly ids: IdTexts;
  readonly uuids: ExecutorUuids;
  readonly limits: HttpLimits;
  readonly log: Logger;
  readonly roleOf: (frameworkId: FrameworkId, executorId: ExecutorId) => string | null;
  /** What the caller's token says it is, null without authentication of executors. Throws Refusal: 401. */
  readonly claims: (exchange: Exchange) => ExecutorClaims | null;
}

/** `POST /api/v1/executor` (spec 04): calls to the agent, events from it. */
export class ExecutorApi {
  readonly #options: ExecutorApiOptions;
  readonly #streams = new Map<ExecutorStreamId, ExecutorStream>();
  readonly #refusals = new Map<ExecutorRequestId, (error: ExecutorCallError) => void>();
  #lastStream = 0;
  #lastRequest = 0;

  constructor(options: ExecutorApiOptions) {
    this.#options = options;
  }

  get streams(): number {
    return this.#streams.size;
  }

  readonly handle = async (exchange: Exchange): Promise<void> => {
    const claims = this.#options.claims(exchange);
    const contentType = requestType(exchange.header('content-type'));
    const call = this.#read(await exchange.body(), contentType);
    if (this.#options.loop.isOver) throw new Refusal(503, 'The agent is ending', { 'Retry-After': '1' });
    const stream = call.type === 'SUBSCRIBE' ? this.#open(exchange, call) : null;
    const error = await this.#called(call, claims, stream);
    if (error !== null) {
      if (stream !== null) this.#streams.delete(stream.id);
      throw new Refusal(executorCallErrorStatus(error), executorCallErrorText(error));
    }
    if (stream === null) exchange.empty(202);
    else if (stream.records.isOpen) stream.open();
  };

  readonly event = ({ stream: id, event }: Extract<AgentOutput, { kind: 'executorEvent' }>): void => {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.open();
    const { ids, uuids } = this.#options;
    stream.records.write(
      writeMessage(EventSchema, executorEventToWire(ids, uuids, event, stream.role), stream.type),
    );
  };

  readonly closeStream = ({ stream: id }: Extract<AgentOutput, { kind: 'closeExecutorStream' }>): void => {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.records.end();
  };

  readonly refuse = ({ request, error }: Extract<AgentOutput, { kind: 'refuseExecutorCall' }>): void => {
    this.#refusals.get(request)?.(error);
  };

  close(): void {
    for (const { records } of this.#streams.values()) records.destroy();
    this.#streams.clear();
  }

  /** The answer, once what the call brought about is durable. */
  #called(
    call: ExecutorCall,
    claims: ExecutorClaims | null,
    stream: ExecutorStream | null,
  ): Promise<ExecutorCallError | null> {
    const { loop } = this.#options;
    const request = ++this.#lastRequest as ExecutorRequestId;
    return new Promise((resolve) => {
      let refusal: ExecutorCallError | null = null;
      this.#refusals.set(request, (error) => {
        refusal = error;
      });
      loop.deliver({ kind: 'executorCalled', request, stream: stream?.id ?? null, claims, call }, () => {
        this.#refusals.delete(request);
        resolve(refusal);
      });
    });
  }

  #read(body: Buffer, type: MediaType): ExecutorCall {
    const { ids, uuids, loop } = this.#options;
    try {
      const message = readMessage(CallSchema, body, type);
      const callType = executorCallType(message);
      if (callType === 'UNKNOWN')
        throw new Refusal(501, 'Received a call of type UNKNOWN, which means nothing');
      return executorCallFromWire(ids, uuids, message, callType, loop.instant());
    } catch (error) {
      throw error instanceof WireError
        ? new Refusal(400, `Failed to validate Executor::Call: ${error.message}`)
        : error;
    }
  }

  #open(exchange: Exchange, call: ExecutorCall): ExecutorStream {
    const { limits, loop, log, roleOf } = this.#options;
    const type = responseType(exchange.header('accept'));
    if (this.#streams.size >= limits.streamsMax)
      throw new Refusal(503, `There are ${limits.streamsMax} executors subscribed, as many as are allowed`, {
        'Retry-After': '5',
      });
    const id = ++this.#lastStream as ExecutorStreamId;
    const { response } = exchange;
    let hasHead = false;
    const stream: ExecutorStream = {
      id,
      type,
      role: roleOf(call.frameworkId, call.executorId),
      records: new RecordStream(response, limits.streamBufferMax, (end) => {
        if (end === 'too slow') log.warn({ stream: id }, 'an executor reads too slowly and is dropped');
        this.#streams.delete(id);
        loop.deliver({ kind: 'executorStreamClosed', stream: id });
      }),
      open() {
        if (hasHead) return;
        hasHead = true;
        response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
        response.flushHeaders();
      },
    };
    this.#streams.set(id, stream);
    return stream;
  }
}
