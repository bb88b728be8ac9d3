import { JSON_TYPE, type MediaType, writeMessage } from '../codec/message/media-type.ts';
import { type BigMessage, writeBig } from '../codec/message/big-message.ts';
import { extensionEventText, isExtensionEvent, operatorEventToWire } from '../codec/operator-event.ts';
import type { MasterOutput, OperatorStreamId } from '../../../engine/master/index.ts';
import type { OperatorEvent } from '../../../engine/protocol/index.ts';
import type { Exchange } from '../http/exchange.ts';
import { RecordStream } from '../http/record-stream.ts';
import { Refusal } from '../http/refusal.ts';
import { Slicer } from '../http/slicer.ts';
import {
  Event_SubscribedSchema,
  Event_Type,
  EventSchema,
} from '../proto/generated/mesos/v1/master/master_pb.ts';
import { bigState } from './big-state.ts';
import type { MasterContext } from './master-context.ts';

interface OperatorStream {
  readonly records: RecordStream;
  readonly type: MediaType;
  readonly extensions: boolean;
  /** Events that came while the snapshot before them was being written; null when none is. */
  behind: Extract<MasterOutput, { kind: 'operatorEvent' }>[] | null;
}

/** Events that may wait for a snapshot: beyond it the subscriber is dropped. */
const BEHIND_MAX = 100_000;

/**
 * Operators' event streams (spec 05 §B). Opt-in beyond Mesos: the header `Orrery-Events: all` adds the events that Mesos does not have and a `sequence` to each
 * JSON record; `Orrery-Resume: <sequence>` goes on after that event.
 */
export class OperatorStreams {
  readonly #context: MasterContext;
  readonly #streams = new Map<OperatorStreamId, OperatorStream>();
  #next = 0;
  dropped = 0;

  constructor(context: MasterContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#streams.size;
  }

  open(exchange: Exchange, type: MediaType): void {
    const { limits, loop, log } = this.#context;
    const extensions = exchange.header('orrery-events') === 'all';
    if (extensions && type !== JSON_TYPE) {
      throw new Refusal(406, `Events that Mesos does not have are written as ${JSON_TYPE} only`);
    }
    const resume = resumeOf(exchange.header('orrery-resume'));
    const id = ++this.#next as OperatorStreamId;
    const { response } = exchange;
    const records = new RecordStream(response, limits.streamBufferMax, (end) => {
      if (end === 'too slow') {
        this.dropped++;
        log.warn({ stream: id }, 'an operator’s event stream is read too slowly and is dropped');
      }
      this.#streams.delete(id);
      loop.deliver({ kind: 'operatorStreamClosed', stream: id });
    });
    this.#streams.set(id, { records, type, extensions, behind: null });
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    loop.deliver({
      kind: 'operatorSubscribed',
      stream: id,
      principal: exchange.principal,
      resume,
      extensions,
    });
  }

  readonly operatorEvent = (output: Extract<MasterOutput, { kind: 'operatorEvent' }>): void => {
    const stream = this.#streams.get(output.stream);
    if (stream === undefined) return;
    if (stream.behind !== null) {
      stream.behind.push(output);
      if (stream.behind.length > BEHIND_MAX) {
        this.dropped++;
        this.#drop(output.stream, stream);
      }
    } else if (output.event.type === 'SUBSCRIBED') {
      stream.behind = [];
      void this.#snapshot(stream, output.event, output.sequence);
    } else {
      stream.records.write(this.#bytes(stream, output));
    }
  };

  readonly closeOperatorStream = (output: Extract<MasterOutput, { kind: 'closeOperatorStream' }>): void => {
    const stream = this.#streams.get(output.stream);
    if (stream === undefined) return;
    this.#streams.delete(output.stream);
    stream.records.end();
  };

  close(): void {
    for (const stream of this.#streams.values()) stream.records.destroy();
    this.#streams.clear();
  }

  #drop(id: OperatorStreamId, stream: OperatorStream): void {
    this.#streams.delete(id);
    stream.records.destroy();
    this.#context.loop.deliver({ kind: 'operatorStreamClosed', stream: id });
  }

  /** A snapshot of a large cluster is written slice by slice; what happens meanwhile follows it. */
  async #snapshot(
    stream: OperatorStream,
    event: Extract<OperatorEvent, { type: 'SUBSCRIBED' }>,
    sequence: number,
  ): Promise<void> {
    const { ids, loop } = this.#context;
    const message: BigMessage = {
      schema: EventSchema,
      small: { type: Event_Type.SUBSCRIBED },
      parts: {
        subscribed: {
          schema: Event_SubscribedSchema,
          small: { heartbeatIntervalSeconds: event.heartbeatIntervalSeconds },
          parts: { getState: bigState(ids, loop.machine.epoch, event.getState) },
        },
      },
    };
    const pieces = await writeBig(message, stream.type, new Slicer());
    if (!stream.records.isOpen) return;
    await stream.records.writePieces(
      // The first byte is the brace that the sequence comes after.
      stream.extensions
        ? [Buffer.from(`{"sequence":${sequence},`), pieces[0]!.subarray(1), ...pieces.slice(1)]
        : pieces,
    );
    const { behind } = stream;
    stream.behind = null;
    for (const output of behind ?? []) stream.records.write(this.#bytes(stream, output));
  }

  #bytes(
    stream: OperatorStream,
    { event, sequence }: Extract<MasterOutput, { kind: 'operatorEvent' }>,
  ): Uint8Array {
    const { ids, loop } = this.#context;
    const { epoch } = loop.machine;
    if (isExtensionEvent(event)) return withSequence(extensionEventText(ids, epoch, event), sequence);
    const bytes = writeMessage(EventSchema, operatorEventToWire(ids, epoch, event), stream.type);
    return stream.extensions ? withSequence(Buffer.from(bytes).toString('utf8'), sequence) : bytes;
  }
}

function withSequence(json: string, sequence: number): Uint8Array {
  return Buffer.from(`{"sequence":${sequence},${json.slice(1)}`);
}

function resumeOf(header: string | undefined): number | null {
  if (header === undefined) return null;
  const sequence = /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  throw new Refusal(400, "Expecting 'Orrery-Resume' to be the sequence of an event");
}
