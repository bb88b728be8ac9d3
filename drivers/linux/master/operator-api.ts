import type { Viewer } from '../../../engine/authorization/index.ts';
import {
  agentStatuses,
  completedFrameworkStatuses,
  executorViews,
  frameworkStatuses,
  type OperatorRead,
  taskViews,
} from '../../../engine/master/index.ts';
import type {
  AgentInfo,
  ExtensionCall,
  OperatorCall,
  OperatorMutation,
  ProcessCall,
} from '../../../engine/protocol/index.ts';
import { type BigMessage, writeBig } from '../codec/message/big-message.ts';
import { JSON_TYPE, type MediaType, readMessage, writeMessage } from '../codec/message/media-type.ts';
import { parseJson } from '../codec/message/parse-json.ts';
import { WireError } from '../codec/message/wire-error.ts';
import { operatorCallFromWire, operatorCallType } from '../codec/operator-call.ts';
import { operatorResponseToWire } from '../codec/operator-response.ts';
import type { Exchange } from '../http/exchange.ts';
import { requestType, responseType } from '../http/negotiation.ts';
import { Refusal } from '../http/refusal.ts';
import { Slicer } from '../http/slicer.ts';
import { CallSchema, Response_Type, ResponseSchema } from '../proto/generated/mesos/v1/master/master_pb.ts';
import { bigAgents, bigExecutors, bigFrameworks, bigState, bigTasks, type StateParts } from './big-state.ts';
import { checkMay } from '../security/permissions.ts';
import { refusalOf } from './calls.ts';
import { checkLeading, type MasterContext } from './master-context.ts';
import type { OperatorStreams } from './operator-streams.ts';
import type { ProcessApi } from './process-api.ts';
import type { StateMessages } from './state-messages.ts';

const BIG_READS: ReadonlySet<string> = new Set([
  'GET_STATE',
  'GET_TASKS',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
]);

/** `POST /api/v1` (spec 05 §A). */
export class OperatorApi {
  readonly #context: MasterContext;
  readonly #streams: OperatorStreams;
  readonly #process: ProcessApi;
  readonly #viewer: (principal: string | null) => Viewer;
  readonly #messages: StateMessages;
  /** Long answers under way: who asks the same meanwhile gets the same. */
  readonly #sharing = new Map<string, Promise<readonly Uint8Array[]>>();

  constructor(
    context: MasterContext,
    streams: OperatorStreams,
    process: ProcessApi,
    viewer: (principal: string | null) => Viewer,
    messages: StateMessages,
  ) {
    this.#context = context;
    this.#streams = streams;
    this.#process = process;
    this.#viewer = viewer;
    this.#messages = messages;
  }

  readonly handle = async (exchange: Exchange): Promise<void> => {
    checkLeading(this.#context, exchange.request.url ?? '/');
    const contentType = requestType(exchange.header('content-type'));
    const body = await exchange.body();
    checkLeading(this.#context, exchange.request.url ?? '/');
    const call = this.#read(body, contentType);
    const type = responseType(exchange.header('accept'));
    switch (call.type) {
      case 'GET_HEALTH':
      case 'GET_FLAGS':
      case 'GET_VERSION':
      case 'GET_METRICS':
      case 'GET_LOGGING_LEVEL':
      case 'SET_LOGGING_LEVEL':
      case 'LIST_FILES':
      case 'READ_FILE':
        await this.#answerProcess(exchange, call, type);
        break;
      case 'SUBSCRIBE':
        this.#streams.open(exchange, type);
        break;
      case 'GET_STATE':
      case 'GET_AGENTS':
      case 'GET_FRAMEWORKS':
      case 'GET_EXECUTORS':
      case 'GET_OPERATIONS':
      case 'GET_TASKS':
      case 'GET_ROLES':
      case 'GET_WEIGHTS':
      case 'GET_MASTER':
      case 'GET_MAINTENANCE_STATUS':
      case 'GET_MAINTENANCE_SCHEDULE':
      case 'GET_QUOTA':
        await this.#answerRead(exchange, { type: call.type }, type);
        break;
      default:
        await this.perform(exchange, call);
    }
  };

  /** A call that changes something, answered when it has. */
  async perform(exchange: Exchange, call: OperatorMutation | ExtensionCall): Promise<void> {
    const { calls, loop } = this.#context;
    await new Promise<void>((resolve) => {
      const request = calls.open((outcome) => {
        if ('code' in outcome) exchange.refuse(refusalOf(this.#context.ids, outcome));
        else exchange.empty(outcome.status);
        resolve();
      });
      loop.deliver({ kind: 'operatorCalled', request, principal: exchange.principal, call });
    });
  }

  #read(body: Buffer, type: MediaType): OperatorCall | ExtensionCall {
    const { ids } = this.#context;
    try {
      const extension = type === JSON_TYPE ? extensionCall(body, this.#context) : null;
      if (extension !== null) return extension;
      const message = readMessage(CallSchema, body, type);
      const callType = operatorCallType(message);
      if (callType === 'UNKNOWN')
        throw new Refusal(501, 'Received a call of type UNKNOWN, which means nothing');
      return operatorCallFromWire(ids, message, callType);
    } catch (error) {
      throw error instanceof WireError
        ? new Refusal(400, `Failed to validate master::Call: ${error.message}`)
        : error;
    }
  }

  async #answerProcess(exchange: Exchange, call: ProcessCall, type: MediaType): Promise<void> {
    if (call.type === 'GET_FLAGS') checkMay(this.#context, exchange.principal, 'view_flags');
    if (call.type === 'SET_LOGGING_LEVEL') checkMay(this.#context, exchange.principal, 'set_log_level');
    const response = await this.#process.answer(call, exchange.principal);
    if (response === null) {
      exchange.empty(200);
      return;
    }
    const { ids, loop, address } = this.#context;
    const message = operatorResponseToWire(ids, loop.machine.epoch, address, response);
    await exchange.bytes(writeMessage(ResponseSchema, message, type), type);
  }

  async #answerRead(exchange: Exchange, call: OperatorRead, type: MediaType): Promise<void> {
    const { ids, loop, address } = this.#context;
    const viewer = this.#viewer(exchange.principal);
    if (BIG_READS.has(call.type)) {
      const key = `${call.type} ${type} ${viewer.seesAll ? '' : `of ${exchange.principal ?? ''}`}`;
      await exchange.pieces(await this.#shared(key, () => this.#bigRead(call, viewer, type)), type);
      return;
    }
    const answer = loop.machine.query(loop.instant(), call, viewer);
    if (!answer.ok) throw refusalOf(this.#context.ids, answer.error);
    const message = operatorResponseToWire(ids, loop.machine.epoch, address, answer.value);
    await exchange.bytes(writeMessage(ResponseSchema, message, type), type);
  }

  async #shared(key: string, make: () => Promise<readonly Uint8Array[]>): Promise<readonly Uint8Array[]> {
    let answer = this.#sharing.get(key);
    if (answer === undefined) {
      answer = make().finally(() => this.#sharing.delete(key));
      this.#sharing.set(key, answer);
    }
    return await answer;
  }

  #recovered(viewer: Viewer): Iterable<AgentInfo> {
    const { loop } = this.#context;
    const { recoveredAgents } = loop.machine.state;
    if (viewer.seesAll || recoveredAgents.size === 0) return recoveredAgents.values();
    const answer = loop.machine.query(loop.instant(), { type: 'GET_AGENTS' }, viewer);
    return answer.ok && answer.value.type === 'GET_AGENTS' ? answer.value.recoveredAgents : [];
  }

  #visibleParts(viewer: Viewer): StateParts {
    const { state } = this.#context.loop.machine;
    return {
      getTasks: {
        tasks: taskViews(state, 'live', viewer),
        unreachableTasks: taskViews(state, 'unreachable', viewer),
        completedTasks: taskViews(state, 'completed', viewer),
      },
      getExecutors: { executors: executorViews(state, viewer) },
      getFrameworks: {
        frameworks: frameworkStatuses(state, viewer),
        completedFrameworks: completedFrameworkStatuses(state, viewer),
      },
      getAgents: { agents: agentStatuses(state, viewer), recoveredAgents: this.#recovered(viewer) },
    };
  }

  async #bigRead(call: OperatorRead, viewer: Viewer, type: MediaType): Promise<readonly Uint8Array[]> {
    const { ids, loop } = this.#context;
    const { epoch } = loop.machine;
    const parts: StateParts = viewer.seesAll ? this.#messages.parts(type) : this.#visibleParts(viewer);
    const part = (): { readonly [property: string]: BigMessage } => {
      switch (call.type) {
        case 'GET_STATE':
          return { getState: bigState(ids, epoch, parts) };
        case 'GET_TASKS':
          return { getTasks: bigTasks(ids, parts.getTasks) };
        case 'GET_AGENTS':
          return { getAgents: bigAgents(ids, parts.getAgents) };
        case 'GET_FRAMEWORKS':
          return { getFrameworks: bigFrameworks(ids, epoch, parts.getFrameworks) };
        default:
          return { getExecutors: bigExecutors(ids, parts.getExecutors) };
      }
    };
    const message: BigMessage = {
      schema: ResponseSchema,
      small: { type: Response_Type[call.type] },
      parts: part(),
    };
    return await writeBig(message, type, new Slicer());
  }
}

/** A call that Mesos's message cannot hold; null for all others. */
function extensionCall(body: Buffer, { ids }: MasterContext): ExtensionCall | null {
  if (!body.includes('UNDO_TEARDOWN')) return null;
  const json = parseJson(body.toString('utf8')) as {
    readonly type?: unknown;
    readonly undo_teardown?: { readonly framework_id?: { readonly value?: unknown } };
  } | null;
  if (json?.type !== 'UNDO_TEARDOWN') return null;
  const value = json.undo_teardown?.framework_id?.value;
  if (typeof value !== 'string') throw new WireError('undo_teardown.framework_id.value', 'expected a string');
  return { type: 'UNDO_TEARDOWN', frameworkId: ids.framework(value) };
}
