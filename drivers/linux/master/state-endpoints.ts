import type { AgentId, FrameworkId } from '../../../engine/core/index.ts';
import { microsToSeconds } from '../../../engine/core/index.ts';
import type { Viewer } from '../../../engine/authorization/index.ts';
import {
  agentStatuses,
  completedFrameworkStatuses,
  executorViewsOf,
  frameworkStatuses,
  type MasterState,
  RoleBreakdowns,
  taskViews,
  taskViewsOf,
} from '../../../engine/master/index.ts';
import type { FrameworkStatus, Task } from '../../../engine/protocol/index.ts';
import { amountsToWire } from '../codec/parts/resources.ts';
import { masterPid } from '../codec/parts/master-info.ts';
import { TextSink } from '../codec/message/big-message.ts';
import { JSON_TYPE } from '../codec/message/media-type.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { Slicer } from '../http/slicer.ts';
import { domainText, summaryText } from './endpoint-json.ts';
import {
  agentHead,
  agentJson,
  executorJson,
  frameworkHead,
  frameworkTail,
  recoveredAgentJson,
  TaskCounts,
  taskJson,
} from './endpoint-records.ts';
import type { MasterContext } from './master-context.ts';
import type { ProcessParts } from './process-api.ts';
import { MASTER_CAPABILITIES } from '../codec/parts/master-info.ts';

/** Tasks between two looks at the time. */
const LOOK = 16;
/** Most tasks that one `/tasks` gives. */
const TASKS_MAX = 100_000;

/** The endpoints that tools poll (spec 05 §C, §D), written slice by slice; who asks while one is written gets the same. */
export class StateEndpoints {
  readonly #context: MasterContext;
  readonly #process: ProcessParts;
  readonly #cluster: string | null;
  readonly #viewer: (principal: string | null) => Viewer;
  readonly #sharing = new Map<string, Promise<readonly Uint8Array[]>>();

  constructor(
    context: MasterContext,
    process: ProcessParts,
    cluster: string | null,
    viewer: (principal: string | null) => Viewer,
  ) {
    this.#context = context;
    this.#process = process;
    this.#cluster = cluster;
    this.#viewer = viewer;
  }

  readonly state = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'state', (sink, slicer, viewer, seesFlags) =>
      this.#writeState(sink, slicer, viewer, seesFlags),
    );

  readonly summary = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'summary', (sink, slicer, viewer) => this.#writeSummary(sink, slicer, viewer));

  readonly slaves = (exchange: Exchange): Promise<void> => {
    const only = exchange.query.get('slave_id');
    return this.#answer(exchange, `slaves ${only ?? ''}`, (sink, slicer, viewer) =>
      this.#writeSlaves(sink, slicer, viewer, only),
    );
  };

  readonly frameworks = (exchange: Exchange): Promise<void> => {
    const only = exchange.query.get('framework_id');
    return this.#answer(exchange, `frameworks ${only ?? ''}`, async (sink, slicer, viewer) => {
      sink.write('{"frameworks":[');
      await this.#writeFrameworks(sink, slicer, viewer, frameworkStatuses(this.#state, viewer), only);
      sink.write('],"completed_frameworks":[');
      await this.#writeFrameworks(
        sink,
        slicer,
        viewer,
        completedFrameworkStatuses(this.#state, viewer),
        only,
      );
      sink.write('],"unregistered_frameworks":[]}');
    });
  };

  readonly tasks = (exchange: Exchange): Promise<void> => {
    const page = {
      limit: Math.min(wholeNumber(exchange, 'limit', 100), TASKS_MAX),
      offset: wholeNumber(exchange, 'offset', 0),
      ascending: exchange.query.get('order') === 'asc',
      framework: exchange.query.get('framework_id'),
      task: exchange.query.get('task_id'),
    };
    return this.#answer(exchange, `tasks ${JSON.stringify(page)}`, (sink, slicer, viewer) =>
      this.#writeTasks(sink, slicer, viewer, page),
    );
  };

  readonly roles = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'roles', (sink, slicer, viewer) => this.#writeRoles(sink, slicer, viewer));

  get #state(): MasterState {
    return this.#context.loop.machine.state;
  }

  async #answer(
    exchange: Exchange,
    key: string,
    write: (sink: TextSink, slicer: Slicer, viewer: Viewer, seesFlags: boolean) => Promise<void>,
  ): Promise<void> {
    const callback = exchange.jsonp();
    const viewer = this.#viewer(exchange.principal);
    const seesFlags = this.#context.may(exchange.principal, 'view_flags');
    const shared = `${key} ${seesFlags} ${viewer.seesAll ? '' : `of ${exchange.principal ?? ''}`}`;
    let pieces = this.#sharing.get(shared);
    if (pieces === undefined) {
      const sink = new TextSink();
      pieces = write(sink, new Slicer(), viewer, seesFlags)
        .then(() => sink.finish())
        .finally(() => this.#sharing.delete(shared));
      this.#sharing.set(shared, pieces);
    }
    const body = await pieces;
    if (callback === null) await exchange.pieces(body, JSON_TYPE);
    else await exchange.pieces([Buffer.from(`${callback}(`), ...body, Buffer.from(');')], 'text/javascript');
  }

  async #writeState(sink: TextSink, slicer: Slicer, viewer: Viewer, seesFlags: boolean): Promise<void> {
    const state = this.#state;
    sink.write(`${this.#stateHead(seesFlags)},"slaves":`);
    await this.#writeAgents(sink, slicer, viewer, null);
    sink.write(`,"recovered_slaves":${this.#recovered(viewer)},"frameworks":[`);
    await this.#writeFrameworks(sink, slicer, viewer, frameworkStatuses(state, viewer), null);
    sink.write('],"completed_frameworks":[');
    await this.#writeFrameworks(sink, slicer, viewer, completedFrameworkStatuses(state, viewer), null);
    sink.write('],"orphan_tasks":[],"unregistered_frameworks":[]}');
  }

  #stateHead(seesFlags: boolean): string {
    const { ids, loop, address } = this.#context;
    const state = this.#state;
    const { version } = this.#process;
    let activated = 0;
    let deactivated = 0;
    for (const agent of state.agents) {
      if (agent.link !== null && !agent.deactivated) activated++;
      else deactivated++;
    }
    const id = ids.masterText(loop.machine.epoch);
    const pid = masterPid(address);
    const { hostname, port, domain } = address;
    const logFile = this.#process.flags.find(({ name }) => name === 'external_log_file')?.value ?? null;
    const head = {
      version: version.version,
      git_sha: version.gitSha ?? '',
      git_branch: version.gitBranch ?? '',
      git_tag: version.gitTag ?? '',
      build_date: version.buildDate ?? '',
      build_time: version.buildTime ?? 0,
      build_user: version.buildUser ?? '',
      start_time: microsToSeconds(state.startTime),
      elected_time: microsToSeconds(state.electedTime),
      id,
      pid,
      hostname,
      capabilities: MASTER_CAPABILITIES,
      activated_slaves: activated,
      deactivated_slaves: deactivated,
      unreachable_slaves: state.unreachableAgents.size,
      leader: pid,
      leader_info: { id, pid, port, hostname },
      ...(this.#cluster === null ? {} : { cluster: this.#cluster }),
      ...(logFile === null ? {} : { external_log_file: logFile }),
      ...(seesFlags
        ? { flags: Object.fromEntries(this.#process.flags.map(({ name, value }) => [name, value ?? ''])) }
        : {}),
    };
    const text = JSON.stringify(head).slice(0, -1);
    return domain === null ? text : `${text},"domain":${domainText(domain)}`;
  }

  #recovered(viewer: Viewer): string {
    const { ids, loop } = this.#context;
    if (this.#state.recoveredAgents.size === 0) return '[]';
    const agents = loop.machine.query(loop.instant(), { type: 'GET_AGENTS' }, viewer);
    if (!agents.ok || agents.value.type !== 'GET_AGENTS') return '[]';
    return `[${agents.value.recoveredAgents.map((info) => recoveredAgentJson(ids, info)).join(',')}]`;
  }

  async #writeAgents(sink: TextSink, slicer: Slicer, viewer: Viewer, only: string | null): Promise<void> {
    const { ids } = this.#context;
    let count = 0;
    sink.write('[');
    for (const agent of agentStatuses(this.#state, viewer)) {
      if (only !== null && ids.agentText(agent.agentInfo.id!) !== only) continue;
      sink.write((count++ === 0 ? '' : ',') + agentJson(ids, agent));
      if (slicer.isDue) await slicer.pause();
    }
    sink.write(']');
  }

  async #writeSlaves(sink: TextSink, slicer: Slicer, viewer: Viewer, only: string | null): Promise<void> {
    sink.write('{"slaves":');
    await this.#writeAgents(sink, slicer, viewer, only);
    sink.write(`,"recovered_slaves":${this.#recovered(viewer)}}`);
  }

  async #writeFrameworks(
    sink: TextSink,
    slicer: Slicer,
    viewer: Viewer,
    frameworks: Iterable<FrameworkStatus>,
    only: string | null,
  ): Promise<void> {
    const { ids, loop } = this.#context;
    const state = this.#state;
    let isFirst = true;
    for (const framework of frameworks) {
      const id = framework.frameworkInfo.id!;
      if (only !== null && ids.frameworkText(id) !== only) continue;
      sink.write(
        `${isFirst ? '' : ','}${frameworkHead(ids, framework)}${frameworkTail(ids, loop.machine.epoch, framework)}`,
      );
      isFirst = false;
      const record = state.frameworksById.get(id) ?? state.completedFrameworks.get(id) ?? null;
      for (const kind of ['live', 'unreachable', 'completed'] as const) {
        sink.write(`,"${kind === 'live' ? 'tasks' : `${kind}_tasks`}":[`);
        if (record !== null) {
          await writeList(sink, slicer, taskViewsOf(state, record, kind, viewer), (task) =>
            taskJson(ids, task),
          );
        }
        sink.write(']');
      }
      sink.write(',"executors":[');
      if (record !== null) {
        await writeList(sink, slicer, executorViewsOf(record, viewer), (executor) =>
          executorJson(ids, executor, id),
        );
      }
      sink.write(']}');
      if (slicer.isDue) await slicer.pause();
    }
  }

  async #writeRoles(sink: TextSink, slicer: Slicer, viewer: Viewer): Promise<void> {
    const { ids, loop } = this.#context;
    const breakdowns = new RoleBreakdowns(this.#state);
    let count = 0;
    for (const _ of breakdowns.gather()) if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
    const roles = loop.machine.query(loop.instant(), { type: 'GET_ROLES' }, viewer);
    const quota = loop.machine.query(loop.instant(), { type: 'GET_QUOTA' }, viewer);
    if (!roles.ok || roles.value.type !== 'GET_ROLES' || !quota.ok || quota.value.type !== 'GET_QUOTA')
      throw new Refusal(503, 'This master does not lead any more: retry', { 'Retry-After': '1' });
    const configs = new Map(quota.value.status.configs.map((config) => [config.role, config]));
    sink.write('{"roles":[');
    await writeList(sink, slicer, roles.value.roles, ({ name, weight, frameworks, resources }) => {
      const { allocated, offered, reserved, consumed } = breakdowns.of(name);
      const config = configs.get(name);
      const shown = {
        role: name,
        guarantee: numbers(config?.guarantees),
        limit: numbers(config?.limits),
        consumed: numbers(consumed),
      };
      return (
        `{"name":${JSON.stringify(name)},"weight":${weight},"quota":${JSON.stringify(shown)}` +
        `,"resources":${summaryText(resources)},"allocated":${JSON.stringify(numbers(allocated))}` +
        `,"offered":${JSON.stringify(numbers(offered))},"reserved":${JSON.stringify(numbers(reserved))}` +
        `,"frameworks":${JSON.stringify(frameworks.map((id) => ids.frameworkText(id)))}}`
      );
    });
    sink.write(']}');
  }

  async #writeSummary(sink: TextSink, slicer: Slicer, viewer: Viewer): Promise<void> {
    const { ids, address } = this.#context;
    const state = this.#state;
    const byAgent = new Map<AgentId, TaskCounts>();
    const byFramework = new Map<FrameworkId, TaskCounts>();
    let count = 0;
    for (const kind of ['live', 'unreachable', 'completed'] as const) {
      for (const task of taskViews(state, kind, viewer)) {
        countsOf(byAgent, task.agentId).add(task);
        countsOf(byFramework, task.frameworkId).add(task);
        if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
      }
    }
    sink.write(`{"hostname":${JSON.stringify(address.hostname)}`);
    if (this.#cluster !== null) sink.write(`,"cluster":${JSON.stringify(this.#cluster)}`);
    sink.write(',"slaves":[');
    await writeList(sink, slicer, agentStatuses(state, viewer), (agent) => {
      const counts = byAgent.get(agent.agentInfo.id!) ?? NO_TASKS;
      const frameworks = Array.from(counts.frameworks, (id) => ids.frameworkText(id));
      return `${agentHead(ids, agent)}${counts.text()},"framework_ids":${JSON.stringify(frameworks)}}`;
    });
    sink.write('],"frameworks":[');
    await writeList(sink, slicer, frameworkStatuses(state, viewer), (framework) => {
      const counts = byFramework.get(framework.frameworkInfo.id!) ?? NO_TASKS;
      const agents = Array.from(counts.agents, (id) => ids.agentText(id));
      return `${frameworkHead(ids, framework)}${counts.text()},"slave_ids":${JSON.stringify(agents)}}`;
    });
    sink.write(']}');
  }

  async #writeTasks(
    sink: TextSink,
    slicer: Slicer,
    viewer: Viewer,
    page: {
      readonly limit: number;
      readonly offset: number;
      readonly ascending: boolean;
      readonly framework: string | null;
      readonly task: string | null;
    },
  ): Promise<void> {
    const { ids } = this.#context;
    const found: Task[] = [];
    let count = 0;
    for (const kind of ['live', 'unreachable', 'completed'] as const) {
      for (const task of taskViews(this.#state, kind, viewer)) {
        if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
        if (page.framework !== null && ids.frameworkText(task.frameworkId) !== page.framework) continue;
        if (page.task !== null && ids.taskText(task.taskId) !== page.task) continue;
        found.push(task);
      }
    }
    // Only the instants are sorted, as numbers; of the tasks those that can be on the page.
    const instants = Float64Array.from(found, firstInstant).sort();
    if (!page.ascending) instants.reverse();
    const last = instants[Math.min(page.offset + page.limit, instants.length) - 1] ?? 0;
    const order = page.ascending ? 1 : -1;
    const near = found.filter((task) => (firstInstant(task) - last) * order <= 0);
    near.sort((a, b) => (firstInstant(a) - firstInstant(b)) * order);
    sink.write('{"tasks":[');
    const shown = near.slice(page.offset, page.offset + page.limit);
    await writeList(sink, slicer, shown, (task) => taskJson(ids, task));
    sink.write(']}');
  }
}

const NO_TASKS = new TaskCounts();

function firstInstant(task: Task): number {
  return task.statuses[0]?.timestamp ?? 0;
}

function countsOf<Id>(counts: Map<Id, TaskCounts>, id: Id): TaskCounts {
  let known = counts.get(id);
  if (known === undefined) {
    known = new TaskCounts();
    counts.set(id, known);
  }
  return known;
}

async function writeList<Entry>(
  sink: TextSink,
  slicer: Slicer,
  entries: Iterable<Entry>,
  text: (entry: Entry) => string,
): Promise<void> {
  let count = 0;
  for (const entry of entries) {
    sink.write(count === 0 ? text(entry) : `,${text(entry)}`);
    if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
  }
}

function wholeNumber(exchange: Exchange, name: string, otherwise: number): number {
  const text = exchange.query.get(name);
  if (text === null || text === '') return otherwise;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Refusal(400, `Expecting '${name}' to be a whole number of 0 or more, got '${text}'`);
}

function numbers(amounts: Parameters<typeof amountsToWire>[0] | undefined): { [name: string]: number } {
  if (amounts === undefined) return {};
  return Object.fromEntries(Object.entries(amountsToWire(amounts)).map(([name, { value }]) => [name, value]));
}
