import type { Viewer } from '../../../engine/authorization/index.ts';
import type { AgentId, FrameworkId } from '../../../engine/core/index.ts';
import { type FrameworkRecord, type MasterState, taskViewsOf } from '../../../engine/master/index.ts';
import type { TaskState } from '../../../engine/protocol/index.ts';
import type { Slicer } from '../http/slicer.ts';

/** What `/state-summary` counts. */
const COUNTED_STATES: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_FAILED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_UNREACHABLE',
];
const STATES = COUNTED_STATES.length;
const COLUMN = new Map(COUNTED_STATES.map((state, column) => [state, column]));
/** Tasks between two looks at the time. */
const LOOK = 64;
/** Of a framework on an agent: a row of counts, its index, its part in the agent's list; and the agent's text. Estimates. */
const PAIR_BYTES = 200;

/** Tasks of one framework by agent: `counts[row * STATES + column]`. */
interface Tally {
  readonly framework: FrameworkId;
  /** `tasksVersion` of the framework; -1 if tasks changed while they were counted. */
  version: number;
  rows: ReadonlyMap<AgentId, number>;
  counts: Int32Array;
}

/**
 * Tasks by state, for `/state-summary`: of each framework, with the agents that it is on, and of each agent, with the frameworks that are on it.
 * After changes only the frameworks whose tasks changed are counted anew.
 */
export class TaskTallies {
  readonly #viewer: Viewer;
  readonly #tallies = new Map<FrameworkRecord, Tally>();
  /** Which frameworks are on an agent, ascending. */
  readonly #byAgent = new Map<AgentId, Tally[]>();
  /** `,"TASK_STAGING":0,…,"framework_ids":[…]` by agent, of those that were asked for since they changed. */
  readonly #agentTexts = new Map<AgentId, string>();
  readonly #frameworkTexts = new Map<FrameworkRecord, string>();
  #pairs = 0;

  /** @param viewer whose tasks are counted; frameworks that it may not see have none */
  constructor(viewer: Viewer) {
    this.#viewer = viewer;
  }

  /** About. */
  get bytes(): number {
    return this.#pairs * PAIR_BYTES;
  }

  /** Counts what changed. */
  async update(master: MasterState, slicer: Slicer): Promise<void> {
    const seen = new Set<FrameworkRecord>();
    for (const framework of [...master.frameworks, ...master.completedFrameworks.values()]) {
      if (framework === null) continue;
      seen.add(framework);
      if (this.#tallies.get(framework)?.version !== framework.tasksVersion)
        await this.#count(master, framework, slicer);
    }
    if (this.#tallies.size === seen.size) return;
    for (const [framework, tally] of this.#tallies) {
      if (seen.has(framework)) continue;
      this.#put(framework, tally, new Map(), new Int32Array(0));
      this.#tallies.delete(framework);
      this.#frameworkTexts.delete(framework);
    }
  }

  /** Ends with the list of frameworks, and the closing brace. The same text as long as nothing changed. */
  agentText(agent: AgentId, frameworkText: (id: FrameworkId) => string): string {
    const known = this.#agentTexts.get(agent);
    if (known !== undefined) return known;
    const tallies = this.#byAgent.get(agent);
    if (tallies === undefined) return NOTHING_TEXT;
    const sums = new Int32Array(STATES);
    for (const { rows, counts } of tallies) {
      const base = rows.get(agent)! * STATES;
      for (let column = 0; column < STATES; column++) sums[column]! += counts[base + column]!;
    }
    const frameworks = tallies.map(({ framework }) => frameworkText(framework));
    const text = `${countsText(sums)},"framework_ids":${JSON.stringify(frameworks)}}`;
    this.#agentTexts.set(agent, text);
    return text;
  }

  /** Ends with the list of agents, and the closing brace. The same text as long as nothing changed. */
  frameworkText(framework: FrameworkRecord, agentText: (id: AgentId) => string): string {
    const known = this.#frameworkTexts.get(framework);
    if (known !== undefined) return known;
    const tally = this.#tallies.get(framework);
    // It came after the count.
    if (tally === undefined) return `${NO_TASKS_TEXT},"slave_ids":[]}`;
    const sums = new Int32Array(STATES);
    const { counts, rows } = tally;
    for (let at = 0; at < counts.length; at++) sums[at % STATES]! += counts[at]!;
    const agents = Array.from(rows.keys()).sort((a, b) => a - b);
    const text = `${countsText(sums)},"slave_ids":${JSON.stringify(agents.map(agentText))}}`;
    this.#frameworkTexts.set(framework, text);
    return text;
  }

  clear(): void {
    this.#tallies.clear();
    this.#byAgent.clear();
    this.#agentTexts.clear();
    this.#frameworkTexts.clear();
    this.#pairs = 0;
  }

  async #count(master: MasterState, framework: FrameworkRecord, slicer: Slicer): Promise<void> {
    const version = framework.tasksVersion;
    const rows = new Map<AgentId, number>();
    let counts = new Int32Array(16 * STATES);
    let count = 0;
    for (const kind of ['live', 'unreachable', 'completed'] as const) {
      for (const { agentId, state } of taskViewsOf(master, framework, kind, this.#viewer)) {
        let row = rows.get(agentId);
        if (row === undefined) {
          row = rows.size;
          rows.set(agentId, row);
          if (rows.size * STATES > counts.length) counts = grown(counts);
        }
        const column = COLUMN.get(state);
        if (column !== undefined) counts[row * STATES + column]!++;
        if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
      }
    }
    let tally = this.#tallies.get(framework);
    if (tally === undefined) {
      tally = { framework: framework.id, version, rows: new Map(), counts: new Int32Array(0) };
      this.#tallies.set(framework, tally);
    }
    tally.version = framework.tasksVersion === version ? version : -1;
    this.#put(framework, tally, rows, counts.slice(0, rows.size * STATES));
  }

  /** New counts in place of a tally's; texts that they change are forgotten. */
  #put(
    framework: FrameworkRecord,
    tally: Tally,
    rows: ReadonlyMap<AgentId, number>,
    counts: Int32Array,
  ): void {
    this.#frameworkTexts.delete(framework);
    for (const [agent, row] of rows) {
      const before = tally.rows.get(agent);
      if (before === undefined) this.#join(agent, tally);
      else if (isSame(tally.counts, before * STATES, counts, row * STATES)) continue;
      this.#agentTexts.delete(agent);
    }
    for (const agent of tally.rows.keys()) {
      if (rows.has(agent)) continue;
      this.#leave(agent, tally);
      this.#agentTexts.delete(agent);
    }
    tally.rows = rows;
    tally.counts = counts;
  }

  #join(agent: AgentId, tally: Tally): void {
    this.#pairs++;
    const tallies = this.#byAgent.get(agent);
    if (tallies === undefined) {
      this.#byAgent.set(agent, [tally]);
      return;
    }
    const after = tallies.findIndex(({ framework }) => framework > tally.framework);
    tallies.splice(after === -1 ? tallies.length : after, 0, tally);
  }

  #leave(agent: AgentId, tally: Tally): void {
    this.#pairs--;
    const tallies = this.#byAgent.get(agent)!;
    tallies.splice(tallies.indexOf(tally), 1);
    if (tallies.length === 0) this.#byAgent.delete(agent);
  }
}

function countsText(sums: Int32Array): string {
  return COUNTED_STATES.map((state, column) => `,"${state}":${sums[column]!}`).join('');
}

const NO_TASKS_TEXT = countsText(new Int32Array(STATES));
const NOTHING_TEXT = `${NO_TASKS_TEXT},"framework_ids":[]}`;

function grown(counts: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * counts.length);
  larger.set(counts);
  return larger;
}

function isSame(a: Int32Array, atA: number, b: Int32Array, atB: number): boolean {
  for (let column = 0; column < STATES; column++) if (a[atA + column] !== b[atB + column]) return false;
  return true;
}
