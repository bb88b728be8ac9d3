import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallError, MasterOutput, StreamId } from '../../../engine/master/index.ts';
import type { FrameworkInfo, SchedulerCall, SubscribeCall } from '../../../engine/protocol/index.ts';
import { idFault } from '../codec/ids/id-fault.ts';
import { type MediaType, readMessage, writeMessage } from '../codec/message/media-type.ts';
import { WireError } from '../codec/message/wire-error.ts';
import type { OfferView } from '../codec/parts/offer.ts';
import { schedulerCallFromWire, schedulerCallType } from '../codec/scheduler-call.ts';
import { type EventSurroundings, schedulerEventToWire } from '../codec/scheduler-event.ts';
import type { Exchange } from '../http/exchange.ts';
import { requestType, responseType } from '../http/negotiation.ts';
import { RecordStream } from '../http/record-stream.ts';
import { Refusal } from '../http/refusal.ts';
import {
  CallSchema,
  type CallValid,
  Event_Type,
  EventSchema,
} from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import { refusalOf } from './calls.ts';
import { checkLeading, type MasterContext } from './master-context.ts';

const STREAM_ID_HEADER = 'mesos-stream-id';
/** No stream has it: what a call without the header names. */
const NO_STREAM = -1 as StreamId;

interface SchedulerStream {
  readonly id: StreamId;
  readonly text: string;
  readonly records: RecordStream;
  readonly type: MediaType;
  readonly around: EventSurroundings & { view: OfferView };
  /** The response's head is written: by the first event, or once the call was not refused. */
  open(): void;
}

/** `POST /api/v1/scheduler` (spec 03): calls to the master, events from it. */
export class SchedulerApi {
  readonly #context: MasterContext;
  readonly #streams = new Map<StreamId, SchedulerStream>();
  readonly #byText = new Map<string, StreamId>();
  readonly #heartbeats = new Map<MediaType, Uint8Array>();
  #nextStream = 0;
  /** Subscribers that did not read what they were sent. */
  dropped = 0;

  constructor(context: MasterContext) {
    this.#context = context;
  }

  get streams(): number {
    return this.#streams.size;
  }

  readonly handle = async (exchange: Exchange): Promise<void> => {
    checkLeading(this.#context, exchange.request.url ?? '/');
    const contentType = requestType(exchange.header('content-type'));
    const body = await exchange.body();
    // The lead may have been lost meanwhile.
    checkLeading(this.#context, exchange.request.url ?? '/');
    const { call, message } = this.#read(body, contentType);
    if (call.type === 'SUBSCRIBE') this.#subscribe(exchange, call, message);
    else this.#call(exchange, call);
  };

  readonly event = (output: Extract<MasterOutput, { kind: 'event' }>): void => {
    const stream = this.#streams.get(output.stream);
    if (stream === undefined) return;
    stream.open();
    stream.records.write(this.#bytes(stream, output));
  };

  readonly closeStream = (output: Extract<MasterOutput, { kind: 'closeStream' }>): void => {
    const stream = this.#streams.get(output.stream);
    if (stream === undefined) return;
    this.#forget(stream);
    stream.records.end();
  };

  /** Ends all streams, as an election lost does. */
  close(): void {
    for (const stream of this.#streams.values()) stream.records.end();
    this.#streams.clear();
    this.#byText.clear();
  }

  #read(body: Buffer, type: MediaType): { readonly call: SchedulerCall; readonly message: CallValid } {
    const { ids, loop } = this.#context;
    try {
      const message = readMessage(CallSchema, body, type);
      const callType = schedulerCallType(message);
      if (callType === 'UNKNOWN')
        throw new Refusal(501, 'Received a call of type UNKNOWN, which means nothing');
      return { call: schedulerCallFromWire(ids, loop.machine.epoch, message, callType), message };
    } catch (error) {
      throw error instanceof WireError
        ? new Refusal(400, `Failed to validate scheduler::Call: ${error.message}`)
        : error;
    }
  }

  #subscribe(exchange: Exchange, given: SubscribeCall, message: CallValid): void {
    const { limits, loop, calls } = this.#context;
    if (exchange.header(STREAM_ID_HEADER) !== undefined) {
      throw new Refusal(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
    }
    const type = responseType(exchange.header('accept'));
    const call = { ...given, frameworkInfo: withPrincipal(given.frameworkInfo, exchange.principal) };
    if (this.#streams.size >= limits.streamsMax) {
      throw new Refusal(503, `There are ${limits.streamsMax} schedulers subscribed, as many as are allowed`, {
        'Retry-After': '5',
      });
    }
    const stream = this.#open(exchange, type, call.frameworkInfo);
    const fault = call.frameworkId === null ? null : idFault(message.frameworkId!.value);
    if (fault !== null) {
      // No number inside stands for it; the answer is that of a subscription refused inside the stream (spec 03 §1).
      this.event({
        kind: 'event',
        stream: stream.id,
        event: { type: 'ERROR', message: `Framework ID is invalid: ${fault}` },
      });
      this.closeStream({ kind: 'closeStream', stream: stream.id });
      return;
    }
    let refused: CallError | null = null;
    const request = calls.open((outcome) => {
      if ('code' in outcome) refused = outcome;
    });
    loop.deliver({
      kind: 'schedulerCalled',
      request,
      principal: exchange.principal,
      stream: stream.id,
      call,
    });
    calls.close(request);
    if (refused !== null) {
      this.#forget(stream);
      throw refusalOf(this.#context.ids, refused);
    }
    if (stream.records.isOpen) stream.open();
  }

  #open(exchange: Exchange, type: MediaType, info: FrameworkInfo): SchedulerStream {
    const { limits, loop, address, log } = this.#context;
    const { response } = exchange;
    const id = ++this.#nextStream as StreamId;
    const text = randomUUID();
    const records = new RecordStream(response, limits.streamBufferMax, (end) => {
      if (end === 'too slow') {
        this.dropped++;
        log.warn(
          { stream: text, bytes: limits.streamBufferMax },
          'a scheduler reads too slowly and is dropped',
        );
      }
      this.#forget(stream);
      loop.deliver({ kind: 'streamClosed', stream: id });
    });
    let hasHead = false;
    const stream: SchedulerStream = {
      id,
      text,
      records,
      type,
      around: {
        epoch: loop.machine.epoch,
        address,
        view: viewOf(info),
      },
      open: () => {
        if (hasHead) return;
        hasHead = true;
        response.writeHead(200, {
          'Content-Type': type,
          'Mesos-Stream-Id': text,
          'Cache-Control': 'no-cache',
        });
        response.flushHeaders();
      },
    };
    this.#streams.set(id, stream);
    this.#byText.set(text, id);
    return stream;
  }

  #forget(stream: SchedulerStream): void {
    this.#streams.delete(stream.id);
    this.#byText.delete(stream.text);
  }

  #call(exchange: Exchange, call: Exclude<SchedulerCall, SubscribeCall>): void {
    const { calls, loop } = this.#context;
    const text = exchange.header(STREAM_ID_HEADER);
    const stream = text === undefined ? NO_STREAM : (this.#byText.get(text) ?? NO_STREAM);
    this.#checkPrincipal(exchange, call);
    let isAnswered = false;
    const request = calls.open((outcome) => {
      isAnswered = true;
      if (!('code' in outcome)) {
        if (outcome.status === 200 && call.type === 'UPDATE_FRAMEWORK')
          this.#updateView(stream, call.frameworkInfo);
        exchange.empty(outcome.status);
      } else if (outcome.code === 'STREAM_MISMATCH' && text === undefined) {
        exchange.refuse(
          new Refusal(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"),
        );
      } else {
        exchange.refuse(refusalOf(this.#context.ids, outcome));
      }
    });
    loop.deliver({ kind: 'schedulerCalled', request, principal: exchange.principal, stream, call });
    if (isAnswered || call.type === 'UPDATE_FRAMEWORK') return;
    calls.close(request);
    exchange.empty(202);
  }

  /** Who calls must be who the framework is (spec 03 §1.5). */
  #checkPrincipal(exchange: Exchange, call: Exclude<SchedulerCall, SubscribeCall>): void {
    if (exchange.principal === null) return;
    const framework = this.#context.loop.machine.state.frameworksById.get(call.frameworkId);
    if (framework === undefined || framework.info.principal === exchange.principal) return;
    throw new Refusal(
      400,
      `Authenticated principal '${exchange.principal}' does not match principal '${framework.info.principal ?? ''}' set in FrameworkInfo`,
    );
  }

  #updateView(id: StreamId, info: FrameworkInfo): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) stream.around.view = viewOf(info);
  }

  #bytes(stream: SchedulerStream, { event }: Extract<MasterOutput, { kind: 'event' }>): Uint8Array {
    if (event.type !== 'HEARTBEAT') {
      return writeMessage(
        EventSchema,
        schedulerEventToWire(this.#context.ids, event, stream.around),
        stream.type,
      );
    }
    let bytes = this.#heartbeats.get(stream.type);
    if (bytes === undefined) {
      const heartbeat: MessageInitShape<typeof EventSchema> = { type: Event_Type.HEARTBEAT };
      bytes = writeMessage(EventSchema, heartbeat, stream.type);
      this.#heartbeats.set(stream.type, bytes);
    }
    return bytes;
  }
}

/** How the framework is shown resources (spec 02 §6). */
function viewOf(info: FrameworkInfo): OfferView {
  return {
    format: info.capabilities.includes('RESERVATION_REFINEMENT') ? 'post' : 'pre',
    showsRole: info.capabilities.includes('MULTI_ROLE'),
  };
}

/** The framework's principal is the authenticated one, if there is one (spec 03 §1). */
function withPrincipal(info: FrameworkInfo, principal: string | null): FrameworkInfo {
  if (principal === null || info.principal === principal) return info;
  if (info.principal === null) return { ...info, principal };
  throw new Refusal(
    400,
    `Authenticated principal '${principal}' does not match principal '${info.principal}' set in FrameworkInfo`,
  );
}
