import { microsToSeconds } from '../../../engine/core/index.ts';
import type { Viewer } from '../../../engine/authorization/index.ts';
import { type MasterState, RoleBreakdowns, taskViews } from '../../../engine/master/index.ts';
import type { Task } from '../../../engine/protocol/index.ts';
import { amountsToWire } from '../codec/parts/resources.ts';
import { MASTER_CAPABILITIES, masterPid } from '../codec/parts/master-info.ts';
import { JSON_TYPE } from '../codec/message/media-type.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { domainText, summaryText } from './endpoint-json.ts';
import { recoveredAgentJson, taskJson } from './endpoint-records.ts';
import type { MasterContext } from './master-context.ts';
import type { ProcessParts } from './process-api.ts';
import { type Poll, type StateTexts, writeList } from './state-texts.ts';

/** Tasks between two looks at the time. */
const LOOK = 16;
/** Most tasks that one `/tasks` gives. */
const TASKS_MAX = 100_000;

/** The endpoints that tools poll (spec 05 §C, §D), written slice by slice, of parts that are kept; who asks while one is written gets the same. */
export class StateEndpoints {
  readonly #context: MasterContext;
  readonly #process: ProcessParts;
  readonly #cluster: string | null;
  readonly #viewer: (principal: string | null) => Viewer;
  readonly #texts: StateTexts;
  readonly #sharing = new Map<string, Promise<readonly Uint8Array[]>>();

  constructor(
    context: MasterContext,
    process: ProcessParts,
    cluster: string | null,
    viewer: (principal: string | null) => Viewer,
    texts: StateTexts,
  ) {
    this.#context = context;
    this.#process = process;
    this.#cluster = cluster;
    this.#viewer = viewer;
    this.#texts = texts;
  }

  readonly state = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'state', (poll, seesFlags) => this.#writeState(poll, seesFlags));

  readonly summary = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'summary', (poll) => this.#writeSummary(poll));

  readonly slaves = (exchange: Exchange): Promise<void> => {
    const only = exchange.query.get('slave_id');
    return this.#answer(exchange, `slaves ${only ?? ''}`, (poll) => this.#writeSlaves(poll, only));
  };

  readonly frameworks = (exchange: Exchange): Promise<void> => {
    const only = exchange.query.get('framework_id');
    return this.#answer(exchange, `frameworks ${only ?? ''}`, async (poll) => {
      poll.sink.write('{');
      await this.#texts.writeFrameworks(poll, only);
      poll.sink.write(',"unregistered_frameworks":[]}');
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
    const key = `tasks ${JSON.stringify(page)}`;
    return this.#answer(exchange, key, (poll) =>
      this.#texts.page(key, poll, () => this.#writeTasks(poll, page)),
    );
  };

  readonly roles = (exchange: Exchange): Promise<void> =>
    this.#answer(exchange, 'roles', (poll) => this.#writeRoles(poll));

  get #state(): MasterState {
    return this.#context.loop.machine.state;
  }

  async #answer(
    exchange: Exchange,
    key: string,
    write: (poll: Poll, seesFlags: boolean) => Promise<void | readonly Uint8Array[]>,
  ): Promise<void> {
    const callback = exchange.jsonp();
    const viewer = this.#viewer(exchange.principal);
    const seesFlags = this.#context.may(exchange.principal, 'view_flags');
    const shared = `${key} ${seesFlags} ${viewer.seesAll ? '' : `of ${exchange.principal ?? ''}`}`;
    let pieces = this.#sharing.get(shared);
    if (pieces === undefined) {
      const poll = this.#texts.begin(viewer);
      pieces = write(poll, seesFlags)
        .then((whole) => whole ?? poll.sink.finish())
        .finally(() => this.#sharing.delete(shared));
      this.#sharing.set(shared, pieces);
    }
    const body = await pieces;
    if (callback === null) await exchange.pieces(body, JSON_TYPE);
    else await exchange.pieces([Buffer.from(`${callback}(`), ...body, Buffer.from(');')], 'text/javascript');
  }

  async #writeState(poll: Poll, seesFlags: boolean): Promise<void> {
    const { sink, viewer } = poll;
    sink.write(`${this.#stateHead(seesFlags)},"slaves":`);
    await this.#texts.writeAgents(poll, null);
    sink.write(`,"recovered_slaves":${this.#recovered(viewer)},`);
    await this.#texts.writeFrameworks(poll, null);
    sink.write(',"orphan_tasks":[],"unregistered_frameworks":[]}');
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

  async #writeSlaves(poll: Poll, only: string | null): Promise<void> {
    const { sink, viewer } = poll;
    sink.write('{"slaves":');
    await this.#texts.writeAgents(poll, only);
    sink.write(`,"recovered_slaves":${this.#recovered(viewer)}}`);
  }

  async #writeRoles({ sink, slicer, viewer }: Poll): Promise<void> {
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

  async #writeSummary(poll: Poll): Promise<void> {
    const { sink } = poll;
    sink.write(`{"hostname":${JSON.stringify(this.#context.address.hostname)}`);
    if (this.#cluster !== null) sink.write(`,"cluster":${JSON.stringify(this.#cluster)}`);
    sink.write(',');
    await this.#texts.writeSummaries(poll);
    sink.write('}');
  }

  async #writeTasks(
    { sink, slicer, viewer }: Poll,
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

function firstInstant(task: Task): number {
  return task.statuses[0]?.timestamp ?? 0;
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
