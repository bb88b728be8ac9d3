import type { Viewer } from '../../../engine/authorization/index.ts';
import type { MasterEpoch } from '../../../engine/core/index.ts';
import {
  type AgentRecord,
  agentStatus,
  executorViewsOf,
  type FrameworkRecord,
  frameworkStatus,
  type MasterState,
  type TaskKind,
  taskViewsOf,
} from '../../../engine/master/index.ts';
import type { Task } from '../../../engine/protocol/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { TextSink } from '../codec/message/big-message.ts';
import { Slicer } from '../http/slicer.ts';
import {
  agentHead,
  agentJson,
  executorJson,
  frameworkHead,
  frameworkTail,
  offerJson,
  taskJson,
} from './endpoint-records.ts';
import { joined } from './joined-bytes.ts';
import type { RenderedTexts, Shelf } from './rendered-texts.ts';
import { bytesOfBlocks, renderTasks, type TaskBlock } from './task-blocks.ts';
import { TaskTallies } from './task-tallies.ts';

/** Entries between two looks at the time. */
const LOOK = 16;
const KINDS: readonly TaskKind[] = ['live', 'unreachable', 'completed'];
/** Of a record that changed while it was rendered, slice by slice: no version is it. */
export const MIXED = -1;

/** One answer that is being written. */
export interface Poll {
  readonly sink: TextSink;
  readonly slicer: Slicer;
  readonly viewer: Viewer;
  /** Null where nothing is kept of it: its viewer does not see all. */
  readonly number: number | null;
}

interface KeptText {
  readonly version: number;
  readonly text: Buffer;
}

/** A record of `/state-summary`: what it is, and what runs of it or there. */
interface KeptSummary extends KeptText {
  readonly tail: string;
  readonly tailBytes: Buffer;
}

interface KeptTasks {
  readonly version: number;
  /** By kind. */
  readonly lists: readonly (readonly TaskBlock[])[];
}

interface KeptPage {
  readonly stamp: string;
  readonly pieces: readonly Uint8Array[];
}

/** What the texts are of, and how ids are written. */
export interface StateSource {
  readonly ids: IdTexts;
  readonly state: () => MasterState;
  readonly epoch: () => MasterEpoch;
}

/**
 * Texts of the polled endpoints (spec 05 §D), slice by slice. For viewers who see all the parts are kept, each with the version of its record: a poll of a cluster in which nothing happens puts them together, and after a change what changed is rendered.
 */
export class StateTexts {
  readonly #source: StateSource;
  readonly #texts: RenderedTexts;
  readonly #agents: Shelf<AgentRecord, KeptText>;
  readonly #heads: Shelf<FrameworkRecord, KeptText>;
  readonly #executors: Shelf<FrameworkRecord, KeptText>;
  readonly #tasks: Shelf<FrameworkRecord, KeptTasks>;
  readonly #agentSummaries: Shelf<AgentRecord, KeptSummary>;
  readonly #frameworkSummaries: Shelf<FrameworkRecord, KeptSummary>;
  readonly #tallies: Shelf<'all', TaskTallies>;
  readonly #pages: Shelf<string, KeptPage>;

  constructor(source: StateSource, texts: RenderedTexts) {
    this.#source = source;
    this.#texts = texts;
    this.#agents = texts.shelf();
    this.#heads = texts.shelf();
    this.#executors = texts.shelf();
    this.#tasks = texts.shelf();
    this.#agentSummaries = texts.shelf();
    this.#frameworkSummaries = texts.shelf();
    this.#tallies = texts.shelf();
    this.#pages = texts.shelf();
  }

  begin(viewer: Viewer): Poll {
    const { state, epoch } = this.#source;
    const number = viewer.seesAll ? this.#texts.begin(state(), epoch()) : null;
    return { sink: new TextSink(), slicer: new Slicer(), viewer, number };
  }

  /** `[{…},…]` @param only text of the only agent that is wanted; null for all */
  async writeAgents(poll: Poll, only: string | null): Promise<void> {
    const { ids } = this.#source;
    const { sink, slicer } = poll;
    let isFirst = true;
    sink.write('[');
    for (const agent of this.#source.state().agents) {
      if (only !== null && ids.agentText(agent.id) !== only) continue;
      writeAfterComma(sink, this.#agentText(poll, agent), isFirst);
      isFirst = false;
      if (slicer.isDue) await slicer.pause();
    }
    sink.write(']');
    if (poll.number !== null && only === null) this.#agents.sweep(poll.number);
  }

  #agentText({ number, viewer }: Poll, agent: AgentRecord): Buffer {
    const known = number === null ? null : this.#agents.find(agent, number);
    if (known !== null && known.version === agent.version) return known.text;
    const status = agentStatus(this.#source.state(), agent, viewer);
    const text = bytesOf(`,${agentJson(this.#source.ids, status)}`);
    if (number !== null) this.#agents.keep(agent, number, { version: agent.version, text }, text.length);
    return text;
  }

  /** `"frameworks":[…],"completed_frameworks":[…]` @param only text of the only framework that is wanted; null for all */
  async writeFrameworks(poll: Poll, only: string | null): Promise<void> {
    const { frameworks, completedFrameworks } = this.#source.state();
    poll.sink.write('"frameworks":[');
    await this.#writeFrameworkList(poll, frameworks, only);
    poll.sink.write('],"completed_frameworks":[');
    await this.#writeFrameworkList(poll, completedFrameworks.values(), only);
    poll.sink.write(']');
    if (poll.number === null || only !== null) return;
    for (const shelf of [this.#heads, this.#tasks, this.#executors]) shelf.sweep(poll.number);
  }

  async #writeFrameworkList(
    poll: Poll,
    frameworks: Iterable<FrameworkRecord | null>,
    only: string | null,
  ): Promise<void> {
    const { ids } = this.#source;
    const { sink, slicer, viewer } = poll;
    let isFirst = true;
    for (const framework of frameworks) {
      if (framework === null || (only !== null && ids.frameworkText(framework.id) !== only)) continue;
      if (!viewer.may('view_frameworks', framework.info.user)) continue;
      writeAfterComma(sink, await this.#headText(poll, framework), isFirst);
      isFirst = false;
      if (poll.number === null) await this.#writeVisibleTasks(poll, framework);
      else await this.#writeTasks(poll, framework, poll.number);
      sink.write(',"executors":[');
      await this.#writeExecutors(poll, framework);
      sink.write(']}');
      if (slicer.isDue) await slicer.pause();
    }
  }

  /** All of a framework but its tasks and executors. Its offers may be as many as agents. */
  async #headText({ number, slicer }: Poll, framework: FrameworkRecord): Promise<Buffer> {
    const known = number === null ? null : this.#heads.find(framework, number);
    if (known !== null && known.version === framework.version) return known.text;
    const { ids } = this.#source;
    const status = frameworkStatus(this.#source.state(), framework);
    const { version } = framework;
    const epoch = this.#source.epoch();
    const { beforeOffers, afterOffers } = frameworkTail(status);
    const own = new TextSink();
    own.write(`,${frameworkHead(ids, status)}${beforeOffers}`);
    await writeList(own, slicer, status.offers, (offer) => offerJson(ids, epoch, offer));
    own.write(afterOffers);
    const text = joined(own.finish());
    if (number !== null) this.#heads.keep(framework, number, { version, text }, text.length);
    return text;
  }

  async #writeVisibleTasks({ sink, slicer, viewer }: Poll, framework: FrameworkRecord): Promise<void> {
    const { ids } = this.#source;
    for (const kind of KINDS) {
      sink.write(taskListHead(kind));
      const tasks = taskViewsOf(this.#source.state(), framework, kind, viewer);
      await writeList(sink, slicer, tasks, (task) => taskJson(ids, task));
      sink.write(']');
    }
  }

  async #writeTasks(
    { sink, slicer, viewer }: Poll,
    framework: FrameworkRecord,
    number: number,
  ): Promise<void> {
    const { ids } = this.#source;
    const version = framework.tasksVersion;
    const known = this.#tasks.find(framework, number);
    let lists = known?.lists ?? [];
    if (known === null || known.version !== version) {
      const made: (readonly TaskBlock[])[] = [];
      for (const [index, kind] of KINDS.entries()) {
        const tasks = taskViewsOf(this.#source.state(), framework, kind, viewer);
        const texts = (some: readonly Task[]): Buffer =>
          bytesOf(some.map((task) => `,${taskJson(ids, task)}`).join(''));
        made.push(await renderTasks(tasks, lists[index] ?? [], texts, slicer));
      }
      lists = made;
      const kept = { version: framework.tasksVersion === version ? version : MIXED, lists };
      this.#tasks.keep(
        framework,
        number,
        kept,
        made.reduce((sum, blocks) => sum + bytesOfBlocks(blocks), 0),
      );
    }
    for (const [index, kind] of KINDS.entries()) {
      sink.write(taskListHead(kind));
      lists[index]!.forEach(({ text }, at) => {
        writeAfterComma(sink, text, at === 0);
      });
      sink.write(']');
    }
  }

  async #writeExecutors({ sink, slicer, viewer, number }: Poll, framework: FrameworkRecord): Promise<void> {
    const { ids } = this.#source;
    const { version } = framework;
    const known = number === null ? null : this.#executors.find(framework, number);
    if (known !== null && known.version === version) {
      sink.writeBytes(known.text);
      return;
    }
    const own = new TextSink();
    await writeList(own, slicer, executorViewsOf(framework, viewer), (executor) =>
      executorJson(ids, executor, framework.id),
    );
    const text = Buffer.concat(own.finish());
    sink.writeBytes(text);
    if (number === null) return;
    const kept = { version: framework.version === version ? version : MIXED, text };
    this.#executors.keep(framework, number, kept, text.length);
  }

  /** `"slaves":[…],"frameworks":[…]` with counts of tasks (spec 05 §D). */
  async writeSummaries(poll: Poll): Promise<void> {
    const { ids } = this.#source;
    const state = this.#source.state();
    const { sink, slicer, viewer, number } = poll;
    const tallies = (number === null ? null : this.#tallies.find('all', number)) ?? new TaskTallies(viewer);
    await tallies.update(state, slicer);
    if (number !== null) this.#tallies.keep('all', number, tallies, tallies.bytes);
    let isFirst = true;
    sink.write('"slaves":[');
    for (const agent of state.agents) {
      const tail = tallies.agentText(agent.id, (id) => ids.frameworkText(id));
      this.#writeSummary(poll, this.#agentSummaries, agent, tail, isFirst, () =>
        agentHead(ids, agentStatus(state, agent, viewer)),
      );
      isFirst = false;
      if (slicer.isDue) await slicer.pause();
    }
    isFirst = true;
    sink.write('],"frameworks":[');
    for (const framework of state.frameworks) {
      if (!viewer.may('view_frameworks', framework.info.user)) continue;
      const tail = tallies.frameworkText(framework, (id) => ids.agentText(id));
      this.#writeSummary(poll, this.#frameworkSummaries, framework, tail, isFirst, () =>
        frameworkHead(ids, frameworkStatus(state, framework)),
      );
      isFirst = false;
      if (slicer.isDue) await slicer.pause();
    }
    sink.write(']');
    if (number === null) return;
    this.#agentSummaries.sweep(number);
    this.#frameworkSummaries.sweep(number);
  }

  #writeSummary<Of extends { readonly version: number }>(
    { sink, number }: Poll,
    shelf: Shelf<Of, KeptSummary>,
    of: Of,
    tail: string,
    isFirst: boolean,
    head: () => string,
  ): void {
    let kept = number === null ? null : shelf.find(of, number);
    const { version } = of;
    if (kept === null || kept.version !== version || kept.tail !== tail) {
      const text = kept !== null && kept.version === version ? kept.text : bytesOf(`,${head()}`);
      const tailBytes = kept !== null && kept.tail === tail ? kept.tailBytes : bytesOf(tail);
      kept = { version, text, tail, tailBytes };
      // The tail is held as a text too, to be compared.
      if (number !== null) shelf.keep(of, number, kept, text.length + 2 * tailBytes.length);
    }
    writeAfterComma(sink, kept.text, isFirst);
    sink.writeBytes(kept.tailBytes);
  }

  /** A whole answer that depends on tasks alone, such as a page of them: the same as last time if no task has changed. */
  async page(key: string, poll: Poll, write: () => Promise<void>): Promise<readonly Uint8Array[]> {
    const { number, sink } = poll;
    const stamp = this.#tasksStamp();
    const known = number === null ? null : this.#pages.find(key, number);
    if (known !== null && known.stamp === stamp) return known.pieces;
    await write();
    const pieces = sink.finish();
    if (number !== null && this.#tasksStamp() === stamp) {
      let length = 0;
      for (const piece of pieces) length += piece.length;
      this.#pages.keep(key, number, { stamp, pieces }, length);
    }
    return pieces;
  }

  /** Another one after any change of any task: while the frameworks are the same ones, the sum only grows. */
  #tasksStamp(): string {
    const { membershipVersion, frameworks, completedFrameworks } = this.#source.state();
    let sum = 0;
    for (const { tasksVersion } of frameworks) sum += tasksVersion;
    for (const framework of completedFrameworks.values()) sum += framework?.tasksVersion ?? 0;
    return `${membershipVersion} ${sum}`;
  }
}

export async function writeList<Entry>(
  sink: TextSink,
  slicer: Slicer,
  entries: Iterable<Entry>,
  text: (entry: Entry) => string,
): Promise<void> {
  let count = 0;
  for (const entry of entries) {
    sink.write((count === 0 ? '' : ',') + text(entry));
    if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
  }
}

function taskListHead(kind: TaskKind): string {
  return `,"${kind === 'live' ? 'tasks' : `${kind}_tasks`}":[`;
}

/** @param text begins with a comma */
function writeAfterComma(sink: TextSink, text: Buffer, isFirst: boolean): void {
  sink.writeBytes(isFirst ? text.subarray(1) : text);
}

/** In memory of their own: small buffers share a block otherwise, which is held as long as one of them is. */
export function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
