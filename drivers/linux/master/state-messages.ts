import { ALL_SEEING } from '../../../engine/authorization/index.ts';
import {
  type AgentRecord,
  agentStatus,
  executorViewsOf,
  type FrameworkRecord,
  frameworkStatus,
  type TaskKind,
  taskViewsOf,
} from '../../../engine/master/index.ts';
import { type EncodedList, encodedEntry, encodedLongEntry } from '../codec/message/big-message.ts';
import { JSON_TYPE, type MediaType, PROTOBUF_TYPE } from '../codec/message/media-type.ts';
import { agentStatusToWire } from '../codec/parts/agent-status.ts';
import { frameworkOffersToWire, frameworkStatusToWire } from '../codec/parts/framework-status.ts';
import { executorToWire } from '../codec/parts/task-info.ts';
import { taskRecordToWire } from '../codec/parts/task-record.ts';
import type { Slicer } from '../http/slicer.ts';
import {
  Response_GetAgentsSchema,
  Response_GetExecutorsSchema,
  Response_GetFrameworksSchema,
  Response_GetTasksSchema,
} from '../proto/generated/mesos/v1/master/master_pb.ts';
import type { StateParts } from './big-state.ts';
import type { RenderedTexts, Shelf } from './rendered-texts.ts';
import { MIXED, type StateSource } from './state-texts.ts';
import { joined } from './joined-bytes.ts';
import { bytesOfBlocks, renderTasks, type TaskBlock } from './task-blocks.ts';

const LOOK = 16;

interface Kept {
  readonly version: number;
  readonly bytes: Buffer;
}

interface KeptBlocks {
  readonly version: number;
  readonly blocks: readonly TaskBlock[];
}

/** In JSON, or in protobuf. */
interface Shelves {
  readonly agents: Shelf<AgentRecord, Kept>;
  readonly frameworks: Shelf<FrameworkRecord, Kept>;
  readonly completedFrameworks: Shelf<FrameworkRecord, Kept>;
  readonly executors: Shelf<FrameworkRecord, Kept>;
  readonly tasks: { readonly [Kind in TaskKind]: Shelf<FrameworkRecord, KeptBlocks> };
}

const TASK_LISTS = { live: 'tasks', unreachable: 'unreachableTasks', completed: 'completedTasks' } as const;

/** The lists of GET_STATE and its kin (spec 05 §A) for who sees all, encoded; what was encoded is kept with the version of its record. */
export class StateMessages {
  readonly #source: StateSource;
  readonly #texts: RenderedTexts;
  readonly #shelves: { readonly [Type in MediaType]: Shelves };

  constructor(source: StateSource, texts: RenderedTexts) {
    this.#source = source;
    this.#texts = texts;
    this.#shelves = { [JSON_TYPE]: shelvesIn(texts), [PROTOBUF_TYPE]: shelvesIn(texts) };
  }

  /** Each list is of the instants at which it is encoded. */
  parts(type: MediaType): StateParts {
    const { ids, state, epoch } = this.#source;
    const master = state();
    const poll = this.#texts.begin(master, epoch());
    const shelves = this.#shelves[type];
    const framework =
      (property: 'frameworks' | 'completedFrameworks') => (record: FrameworkRecord, slicer: Slicer) => {
        const status = frameworkStatus(master, record);
        return encodedLongEntry(
          Response_GetFrameworksSchema,
          property,
          frameworkStatusToWire(ids, epoch(), { ...status, offers: [] }),
          'offers',
          frameworkOffersToWire(ids, epoch(), status),
          type,
          slicer,
        );
      };
    const tasks = (kind: TaskKind): EncodedList => ({
      encoded: (slicer) => this.#tasks(kind, type, poll, slicer),
    });
    return {
      getTasks: {
        tasks: tasks('live'),
        unreachableTasks: tasks('unreachable'),
        completedTasks: tasks('completed'),
      },
      getExecutors: { executors: { encoded: (slicer) => this.#executors(type, poll, slicer) } },
      getFrameworks: {
        frameworks: listOf(() => master.frameworks, shelves.frameworks, poll, framework('frameworks')),
        completedFrameworks: listOf(
          () => present(master.completedFrameworks.values()),
          shelves.completedFrameworks,
          poll,
          framework('completedFrameworks'),
        ),
      },
      getAgents: {
        agents: listOf(
          () => master.agents,
          shelves.agents,
          poll,
          (agent) => {
            const wire = agentStatusToWire(ids, agentStatus(master, agent));
            return encodedEntry(Response_GetAgentsSchema, 'agents', wire, type);
          },
        ),
        recoveredAgents: master.recoveredAgents.values(),
      },
    };
  }

  async #tasks(kind: TaskKind, type: MediaType, poll: number, slicer: Slicer): Promise<readonly Buffer[]> {
    const { ids, state } = this.#source;
    const shelf = this.#shelves[type].tasks[kind];
    const pieces: Buffer[] = [];
    for (const framework of this.#allFrameworks()) {
      const version = framework.tasksVersion;
      let kept = shelf.find(framework, poll);
      if (kept === null || kept.version !== version) {
        const blocks = await renderTasks(
          taskViewsOf(state(), framework, kind, ALL_SEEING),
          kept?.blocks ?? [],
          (some) =>
            joined(
              some.flatMap((task) =>
                encodedEntry(Response_GetTasksSchema, TASK_LISTS[kind], taskRecordToWire(ids, task), type),
              ),
            ),
          slicer,
        );
        kept = { version: framework.tasksVersion === version ? version : MIXED, blocks };
        shelf.keep(framework, poll, kept, bytesOfBlocks(blocks));
      }
      for (const { text } of kept.blocks) pieces.push(text);
      if (slicer.isDue) await slicer.pause();
    }
    shelf.sweep(poll);
    return pieces;
  }

  async #executors(type: MediaType, poll: number, slicer: Slicer): Promise<readonly Buffer[]> {
    const { ids, state } = this.#source;
    const shelf = this.#shelves[type].executors;
    const pieces: Buffer[] = [];
    for (const framework of state().frameworks) {
      const { version } = framework;
      let kept = shelf.find(framework, poll);
      if (kept === null || kept.version !== version) {
        const own: Uint8Array[] = [];
        let count = 0;
        for (const { executorInfo, agentId } of executorViewsOf(framework, ALL_SEEING)) {
          const wire = {
            executorInfo: executorToWire(ids, executorInfo, 'endpoint', null),
            agentId: { value: ids.agentText(agentId) },
          };
          own.push(...encodedEntry(Response_GetExecutorsSchema, 'executors', wire, type));
          if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
        }
        kept = { version: framework.version === version ? version : MIXED, bytes: joined(own) };
        shelf.keep(framework, poll, kept, kept.bytes.length);
      }
      if (kept.bytes.length > 0) pieces.push(kept.bytes);
      if (slicer.isDue) await slicer.pause();
    }
    shelf.sweep(poll);
    return pieces;
  }

  *#allFrameworks(): Generator<FrameworkRecord> {
    const { frameworks, completedFrameworks } = this.#source.state();
    yield* frameworks;
    yield* present(completedFrameworks.values());
  }
}

/** One entry for each record. */
function listOf<Of extends { readonly version: number }>(
  records: () => Iterable<Of>,
  shelf: Shelf<Of, Kept>,
  poll: number,
  entry: (record: Of, slicer: Slicer) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>,
): EncodedList {
  return {
    async encoded(slicer) {
      const pieces: Buffer[] = [];
      for (const record of records()) {
        const { version } = record;
        let kept = shelf.find(record, poll);
        if (kept === null || kept.version !== version) {
          kept = { version, bytes: joined(await entry(record, slicer)) };
          shelf.keep(record, poll, kept, kept.bytes.length);
        }
        pieces.push(kept.bytes);
        if (slicer.isDue) await slicer.pause();
      }
      shelf.sweep(poll);
      return pieces;
    },
  };
}

function shelvesIn(texts: RenderedTexts): Shelves {
  return {
    agents: texts.shelf(),
    frameworks: texts.shelf(),
    completedFrameworks: texts.shelf(),
    executors: texts.shelf(),
    tasks: { live: texts.shelf(), unreachable: texts.shelf(), completed: texts.shelf() },
  };
}

function* present<Of>(values: Iterable<Of | null>): Generator<Of> {
  for (const value of values) if (value !== null) yield value;
}
