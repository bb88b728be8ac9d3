import type { AgentView, ExecutorView } from '../../../engine/agent/index.ts';
import type {
  AgentApiCall,
  AgentApiResponse,
  AgentExecutors,
  AgentFrameworks,
  AgentTasks,
  AuthorizationAction,
  CommandInfo,
  ContainerId,
  ContainerRecord,
  ContainerTermination,
  ProcessCall,
  ProcessIo,
  Task,
} from '../../../engine/protocol/index.ts';
import { agentCallFromWire, agentCallType } from '../codec/agent-call.ts';
import { agentResponseToWire } from '../codec/agent-response.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { JSON_TYPE, type MediaType, readMessage, writeMessage } from '../codec/message/media-type.ts';
import { WireError } from '../codec/message/wire-error.ts';
import type { Exchange } from '../http/exchange.ts';
import type { HttpLimits } from '../http/limits.ts';
import { accepts, RECORDIO_TYPE, requestType, responseType } from '../http/negotiation.ts';
import { RecordError, RecordParser } from '../http/recordio.ts';
import { Refusal } from '../http/refusal.ts';
import type { ProcessApi } from '../master/process-api.ts';
import { CallSchema, type CallValid, ResponseSchema } from '../proto/generated/mesos/v1/agent/agent_pb.ts';
import { containerIdOf, type AgentContainer, type AgentContainers } from './agent-containers.ts';
import type { AgentLoop } from './agent-loop.ts';
import type { AgentPermissions } from './agent-permissions.ts';
import { executorInfoOf } from './agent-records.ts';
import { containerStatistics } from './container-statistics.ts';
import {
  type DebugContainer,
  type DebugContainers,
  terminationOf,
  type TerminalSize,
} from './debug-containers.ts';
import { streamOutput } from './process-io-stream.ts';

export interface AgentApiOptions {
  readonly loop: AgentLoop;
  readonly ids: IdTexts;
  readonly containers: AgentContainers;
  readonly debug: DebugContainers;
  readonly process: ProcessApi;
  readonly permissions: AgentPermissions;
  readonly limits: HttpLimits;
}

/** What an operator's terminal has unless it says otherwise. */
const TERMINAL: TerminalSize = { rows: 24, columns: 80 };

/** `POST /api/v1` of an agent (spec 06 §A). */
export class AgentApi {
  readonly #options: AgentApiOptions;

  constructor(options: AgentApiOptions) {
    this.#options = options;
  }

  readonly handle = async (exchange: Exchange): Promise<void> => {
    const contentType = exchange.header('content-type');
    if (contentType?.split(';')[0]!.trim().toLowerCase() === RECORDIO_TYPE) {
      await this.#attachInput(exchange);
      return;
    }
    if (exchange.header('message-content-type') !== undefined)
      throw new Refusal(415, `Expecting 'Message-Content-Type' only beside 'Content-Type: ${RECORDIO_TYPE}'`);
    const { call, message } = this.#read(await exchange.body(), requestType(contentType));
    switch (call.type) {
      case 'LAUNCH_NESTED_CONTAINER_SESSION':
      case 'ATTACH_CONTAINER_OUTPUT':
        await this.#stream(exchange, call, message);
        break;
      case 'ATTACH_CONTAINER_INPUT':
        throw new Refusal(415, `Expecting 'Content-Type' of ${RECORDIO_TYPE} for ATTACH_CONTAINER_INPUT`);
      default:
        await this.#answer(exchange, call);
    }
  };

  async #answer(exchange: Exchange, call: AgentApiCall): Promise<void> {
    if (exchange.header('message-accept') !== undefined)
      throw new Refusal(406, `Expecting 'Message-Accept' only beside 'Accept: ${RECORDIO_TYPE}'`);
    const type = responseType(exchange.header('accept'));
    const response = await this.#respond(exchange, call);
    if (response === null) return;
    const message = agentResponseToWire(this.#options.ids, response);
    await exchange.bytes(writeMessage(ResponseSchema, message, type), type);
  }

  /** Null where the answer is written already: it has no body. */
  async #respond(exchange: Exchange, call: AgentApiCall): Promise<AgentApiResponse | null> {
    const { debug, ids, permissions } = this.#options;
    const { principal } = exchange;
    switch (call.type) {
      case 'GET_STATE': {
        const view = permissions.view(principal);
        return {
          type: call.type,
          getTasks: tasksOf(view),
          getExecutors: executorsOf(view, ids),
          getFrameworks: frameworksOf(view),
        };
      }
      case 'GET_FRAMEWORKS':
        return { type: call.type, ...frameworksOf(permissions.view(principal)) };
      case 'GET_EXECUTORS':
        return { type: call.type, ...executorsOf(permissions.view(principal), ids) };
      case 'GET_TASKS':
        return { type: call.type, ...tasksOf(permissions.view(principal)) };
      case 'GET_OPERATIONS':
        return { type: call.type, operations: operationsOf(permissions.view(principal)) };
      case 'GET_AGENT': {
        const { info, drain } = permissions.view(principal);
        return { type: call.type, agentInfo: info, drainConfig: drain, estimatedDrainStartTime: null };
      }
      case 'GET_RESOURCE_PROVIDERS':
        return { type: call.type, resourceProviders: [] };
      case 'GET_CONTAINERS':
        return { type: call.type, containers: await this.#containers(call.showNested, principal) };
      case 'LAUNCH_NESTED_CONTAINER':
      case 'LAUNCH_CONTAINER': {
        if (call.container?.image != null || call.container?.docker != null)
          throw new Refusal(400, 'A nested container shares the files of its parent: leave the image out');
        this.#checkLaunch(principal, call, 'launch_nested_containers');
        const made = await debug.launch(call.containerId, call.command, null, true);
        exchange.empty(made === null ? 202 : 200);
        return null;
      }
      case 'WAIT_NESTED_CONTAINER':
      case 'WAIT_CONTAINER':
        this.#checkOn(principal, call.containerId, 'wait_nested_containers');
        return { type: call.type, ...(await this.#wait(call.containerId)) };
      case 'KILL_NESTED_CONTAINER':
      case 'KILL_CONTAINER':
        this.#checkOn(principal, call.containerId, 'kill_nested_containers');
        await this.#kill(call.containerId, call.signal);
        exchange.empty(200);
        return null;
      case 'REMOVE_NESTED_CONTAINER':
      case 'REMOVE_CONTAINER': {
        this.#checkOn(principal, call.containerId, 'remove_nested_containers');
        const found = debug.find(call.containerId);
        if (found !== null) await debug.remove(found);
        else if (debug.own(call.containerId) !== null)
          throw new Refusal(
            400,
            `The container ${call.containerId.value} is a task's: the agent removes it itself`,
          );
        exchange.empty(200);
        return null;
      }
      case 'ADD_RESOURCE_PROVIDER_CONFIG':
      case 'UPDATE_RESOURCE_PROVIDER_CONFIG':
      case 'REMOVE_RESOURCE_PROVIDER_CONFIG':
      case 'MARK_RESOURCE_PROVIDER_GONE':
      case 'PRUNE_IMAGES':
      case 'LAUNCH_NESTED_CONTAINER_SESSION':
      case 'ATTACH_CONTAINER_INPUT':
      case 'ATTACH_CONTAINER_OUTPUT':
        throw new Refusal(501, `This agent does not carry out ${call.type}`);
      default:
        return await this.#respondProcess(exchange, call);
    }
  }

  async #respondProcess(exchange: Exchange, call: ProcessCall): Promise<AgentApiResponse | null> {
    const { process, permissions } = this.#options;
    if (call.type === 'GET_FLAGS') permissions.check(exchange.principal, 'view_flags');
    if (call.type === 'SET_LOGGING_LEVEL') permissions.check(exchange.principal, 'set_log_level');
    const response = await process.answer(call, exchange.principal);
    if (response === null) exchange.empty(200);
    return response;
  }

  #read(body: Buffer, type: MediaType): { readonly call: AgentApiCall; readonly message: CallValid } {
    try {
      const message = readMessage(CallSchema, body, type);
      const callType = agentCallType(message);
      if (callType === 'UNKNOWN')
        throw new Refusal(501, 'Received a call of type UNKNOWN, which means nothing');
      return { call: agentCallFromWire(message, callType), message };
    } catch (error) {
      throw validation(error);
    }
  }

  /** Throws Refusal: 403. An id that nobody has is refused, or not, by what is done with it. */
  #checkOn(principal: string | null, id: ContainerId, action: AuthorizationAction): void {
    const { debug, permissions } = this.#options;
    const container = debug.find(id)?.inside ?? debug.own(id);
    if (container !== null) permissions.checkOn(principal, action, container);
  }

  /** Both who its command is to run as, and whom it is launched beside, must be allowed. Throws Refusal: 403. */
  #checkLaunch(
    principal: string | null,
    { containerId, command }: { readonly containerId: ContainerId; readonly command: CommandInfo | null },
    action: 'launch_nested_containers' | 'launch_nested_container_sessions',
  ): void {
    const { debug, permissions } = this.#options;
    const parent = containerId.parent === null ? null : debug.own(containerId.parent);
    if (parent === null) return;
    permissions.checkOn(principal, `${action}_under_parent_with_user`, parent);
    permissions.check(principal, `${action}_as_user`, command?.user ?? null);
  }

  async #containers(showsNested: boolean, principal: string | null): Promise<ContainerRecord[]> {
    const { containers, loop, debug, permissions } = this.#options;
    const isVisible = permissions.visibleContainers(principal);
    const records: ContainerRecord[] = [];
    for (const container of [...containers.all]) {
      if (container.state !== 'running' || (container.parent !== null && !showsNested)) continue;
      if (!isVisible(container)) continue;
      records.push({
        ...facts(container),
        containerId: containerIdOf(container),
        containerStatus: container.status,
        resourceStatistics: await containerStatistics(containers, container, loop.instant()),
      });
    }
    if (!showsNested) return records;
    for (const one of debug.all) {
      if (one === null || one.end !== null || !isVisible(one.inside)) continue;
      records.push({
        ...facts(one.inside),
        containerId: one.id,
        containerStatus: null,
        resourceStatistics: null,
      });
    }
    return records;
  }

  async #wait(id: ContainerId): Promise<ContainerTermination> {
    const { debug, containers } = this.#options;
    const found = debug.find(id);
    if (found !== null) return await found.ended;
    const own = debug.own(id);
    if (own === null) throw notFound(id);
    const exit = await containers.ended(own.handle);
    const status = exit.code === null ? exit.signal : exit.code * 256;
    return { ...terminationOf(0), exitStatus: status, message: exit.message };
  }

  async #kill(id: ContainerId, signal: number | null): Promise<void> {
    const { debug, containers } = this.#options;
    const found = debug.find(id);
    if (found !== null) {
      if (signal !== null && signal !== 9)
        throw new Refusal(400, `Signal ${signal} cannot be sent to it; expecting 9, SIGKILL`);
      found.session.kill();
      return;
    }
    const own = debug.own(id);
    if (own === null) throw notFound(id);
    await containers.runtimeOf(own)?.signal(own.text, signal ?? 'SIGKILL');
  }

  async #stream(
    exchange: Exchange,
    call: Extract<AgentApiCall, { readonly containerId: ContainerId }>,
    message: CallValid,
  ): Promise<void> {
    const { debug, limits } = this.#options;
    const accept = exchange.header('accept');
    const isRecordio = accept !== undefined && accepts(accept, RECORDIO_TYPE) && !accepts(accept, JSON_TYPE);
    const type = responseType(isRecordio ? exchange.header('message-accept') : accept);
    let container: DebugContainer;
    const isSession = call.type === 'LAUNCH_NESTED_CONTAINER_SESSION';
    if (call.type === 'LAUNCH_NESTED_CONTAINER_SESSION') {
      this.#checkLaunch(exchange.principal, call, 'launch_nested_container_sessions');
      const tty = message.launchNestedContainerSession?.container?.ttyInfo;
      const size = tty?.windowSize;
      const made = await debug.launch(
        call.containerId,
        call.command,
        tty === undefined ? null : size === undefined ? TERMINAL : { rows: size.rows, columns: size.columns },
        false,
      );
      if (made === null) throw new Refusal(400, `The container ${call.containerId.value} is there already`);
      container = made;
    } else {
      this.#checkOn(exchange.principal, call.containerId, 'attach_containers_output');
      const found = debug.find(call.containerId);
      if (found === null) {
        if (debug.own(call.containerId) === null) throw notFound(call.containerId);
        throw new Refusal(
          400,
          `What the container ${call.containerId.value} says goes to its sandbox: read its stdout and stderr under /files, or launch a session in it`,
        );
      }
      container = found;
    }
    exchange.response.writeHead(200, {
      'Content-Type': isRecordio ? RECORDIO_TYPE : type,
      ...(isRecordio ? { 'Message-Content-Type': type } : {}),
      'Cache-Control': 'no-cache',
    });
    exchange.response.flushHeaders();
    streamOutput(container, exchange.response, type, limits.streamBufferMax, () => {
      if (isSession) void debug.sessionOver(container).catch(() => {});
    });
  }

  /** Records of `AttachContainerInput`: first which container, then what goes into it. */
  async #attachInput(exchange: Exchange): Promise<void> {
    const type = requestType(exchange.header('message-content-type'));
    const { debug, limits } = this.#options;
    const parser = new RecordParser(limits.bodyMax);
    let container: DebugContainer | null = null;
    for await (const chunk of exchange.request as AsyncIterable<Buffer>) {
      const records: Uint8Array[] = [];
      try {
        parser.push(chunk, (record) => records.push(record));
      } catch (error) {
        throw error instanceof RecordError ? new Refusal(400, error.message) : error;
      }
      for (const record of records) {
        const { call } = this.#read(Buffer.from(record), type);
        if (call.type !== 'ATTACH_CONTAINER_INPUT')
          throw new Refusal(400, `Expecting calls of type ATTACH_CONTAINER_INPUT, got ${call.type}`);
        const { input } = call;
        if (container === null) {
          if (input.type !== 'CONTAINER_ID') throw new Refusal(400, 'Expecting the container_id first');
          this.#checkOn(exchange.principal, input.containerId, 'attach_containers_input');
          container = debug.find(input.containerId);
          if (container === null) throw notFound(input.containerId);
          continue;
        }
        if (input.type === 'CONTAINER_ID')
          throw new Refusal(400, 'Expecting process_io after the container_id');
        await take(container, input.processIo);
      }
    }
    if (container === null) throw new Refusal(400, 'Expecting the container_id first');
    exchange.empty(200);
  }
}

async function take({ session, hasTerminal }: DebugContainer, io: ProcessIo): Promise<void> {
  if (io.type === 'CONTROL') {
    const { control } = io;
    if (control.type === 'TTY_INFO' && control.windowSize !== null && hasTerminal)
      await session.resize(control.windowSize.rows, control.windowSize.columns);
    return;
  }
  if (io.data.type !== 'STDIN') throw new Refusal(400, `Expecting data for STDIN, got ${io.data.type}`);
  const { stdin } = session;
  if (io.data.data.length === 0) {
    stdin.end();
  } else if (!stdin.destroyed && !stdin.writableEnded && !stdin.write(io.data.data)) {
    await new Promise<void>((resolve) => {
      stdin.once('drain', resolve).once('close', resolve);
    });
  }
}

function validation(error: unknown): unknown {
  return error instanceof WireError
    ? new Refusal(400, `Failed to validate agent::Call: ${error.message}`)
    : error;
}

function notFound(id: ContainerId): Refusal {
  return new Refusal(404, `There is no container ${id.value}`);
}

function facts(container: AgentContainer) {
  const { frameworkId, executorId, executorName } = container;
  return { frameworkId, executorId, executorName };
}

function frameworksOf(view: AgentView): AgentFrameworks {
  const infos = (list: AgentView['frameworks']) =>
    list.flatMap(({ id, info }) => (info === null ? [] : [{ ...info, id }]));
  return { frameworks: infos(view.frameworks), completedFrameworks: infos(view.completedFrameworks) };
}

function executorsOf(view: AgentView, ids: IdTexts): AgentExecutors {
  const live = view.frameworks.flatMap((framework) =>
    framework.executors.map((executor) => executorInfoOf(executor, framework, ids)),
  );
  const over = [...view.frameworks, ...view.completedFrameworks].flatMap((framework) =>
    framework.completedExecutors.map((executor) => executorInfoOf(executor, framework, ids)),
  );
  return { executors: live, completedExecutors: over };
}

function tasksOf(view: AgentView): AgentTasks {
  const tasks = {
    pendingTasks: [] as Task[],
    queuedTasks: [] as Task[],
    launchedTasks: [] as Task[],
    terminatedTasks: [] as Task[],
    completedTasks: [] as Task[],
  };
  const add = (executor: ExecutorView): void => {
    tasks.queuedTasks.push(...executor.queuedTasks);
    tasks.launchedTasks.push(...executor.launchedTasks);
    tasks.terminatedTasks.push(...executor.terminatedTasks);
    tasks.completedTasks.push(...executor.completedTasks);
  };
  for (const { executors, completedExecutors } of [...view.frameworks, ...view.completedFrameworks]) {
    executors.forEach(add);
    completedExecutors.forEach(add);
  }
  return tasks;
}

function operationsOf(view: AgentView) {
  return view.operations.map(({ operationUuid, frameworkId, info, latestStatus }) => ({
    uuid: operationUuid,
    frameworkId,
    agentId: view.agentId,
    info,
    latestStatus,
    statuses: [latestStatus],
  }));
}
