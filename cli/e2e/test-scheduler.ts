import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Connection } from '../cluster/master-address.ts';
import { idOf, type Json, list, object, word } from '../cluster/operator-api.ts';
import { scalarsOf } from '../cluster/resource-text.ts';
import { SchedulerClient } from '../cluster/scheduler-client.ts';

/** A job: one task after another until one finishes. */
export interface TestJob {
  readonly name: string;
  /** A task of it, but for id and agent. */
  readonly task: Json;
  /** Whether it runs on the agent of that host name. */
  readonly fits: (hostname: string) => boolean;
}

interface Attempt {
  readonly job: TestJob;
  readonly taskId: string;
  readonly agentId: string;
  state: string;
  /** Terminal states told, in order; more than one different one is a promise broken. */
  readonly endings: string[];
}

const TERMINAL = /^TASK_(FINISHED|FAILED|KILLED|LOST|ERROR|DROPPED|GONE|GONE_BY_OPERATOR|UNKNOWN)$/;
const RECONCILE_MILLIS = 2_000;

/** A scheduler as its users write them: it comes back after a broken stream, reconciles, and tries again what is lost. */
export class TestScheduler {
  readonly #connection: Connection;
  readonly #jobs: TestJob[];
  readonly attempts = new Map<string, Attempt>();
  readonly finished = new Set<string>();
  #frameworkId: string | null = null;
  #client: SchedulerClient | null = null;
  #counter = 0;
  #isTornDown = false;
  #taken: Promise<void> = Promise.resolve();
  readonly problems: string[] = [];

  constructor(connection: Connection, jobs: readonly TestJob[]) {
    this.#connection = connection;
    this.#jobs = [...jobs];
  }

  get frameworkId(): string | null {
    return this.#frameworkId;
  }

  /** Runs jobs, and stays with its master, until it is torn down. */
  async run(): Promise<void> {
    const reconciling = this.#reconcile();
    while (!this.#isTornDown) {
      try {
        await this.#subscribed();
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        await sleep(200);
      }
    }
    await reconciling;
  }

  /** Waits until every job has finished. */
  async settled(): Promise<void> {
    while (this.finished.size < this.#jobs.length) await sleep(50);
  }

  /** Throws ClusterError while there is no master that knows it. */
  async teardown(): Promise<void> {
    if (this.#client === null) throw new ClusterError('the scheduler is not subscribed');
    await this.#client.call('TEARDOWN', null);
    this.#isTornDown = true;
    this.#client.close();
  }

  /** One subscription, to its end. */
  async #subscribed(): Promise<void> {
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#client = await SchedulerClient.subscribe(
      this.#connection,
      {
        user: 'root',
        name: 'end to end',
        roles: ['e2e'],
        checkpoint: true,
        failover_timeout: 600,
        capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
        ...(this.#frameworkId === null ? {} : { id: { value: this.#frameworkId } }),
      },
      (event, client) => {
        this.#client = client;
        this.#taken = this.#taken
          .then(() => this.#take(event))
          .catch((error: unknown) => {
            // A call that fails: the master is away. The stream's end follows.
            if (!(error instanceof ClusterError)) this.problems.push(String(error));
          });
      },
      end,
      this.#frameworkId,
    );
    this.#frameworkId = this.#client.frameworkId;
    const live = [...this.attempts.values()].filter((one) => !TERMINAL.test(one.state));
    await this.#client.call('REVIVE', {});
    await this.#client.call('RECONCILE', { tasks: live.map((one) => taskRef(one)) });
    await ended;
  }

  async #reconcile(): Promise<void> {
    while (!this.#isTornDown) {
      await sleep(RECONCILE_MILLIS);
      const live = [...this.attempts.values()].filter((one) => !TERMINAL.test(one.state));
      if (live.length === 0 || this.#client === null) continue;
      try {
        await this.#client.call('RECONCILE', { tasks: live.map((one) => taskRef(one)) });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
      }
    }
  }

  async #take(event: Json): Promise<void> {
    if (event['type'] === 'OFFERS') {
      for (const offer of list(object(event['offers'])['offers'])) await this.#offered(offer);
    } else if (event['type'] === 'UPDATE') {
      await this.#updated(object(object(event['update'])['status']));
    }
  }

  async #offered(offer: Json): Promise<void> {
    const agentId = idOf(offer['agent_id']);
    const free = scalarsOf(offer['resources']);
    const busy = new Set(
      [...this.attempts.values()].filter((one) => !TERMINAL.test(one.state)).map((one) => one.job),
    );
    const launched: Json[] = [];
    for (const job of this.#jobs) {
      if (this.finished.has(job.name) || busy.has(job) || !job.fits(word(offer['hostname']))) continue;
      const needs = scalarsOf(job.task['resources']);
      if ([...needs].some(([name, amount]) => (free.get(name) ?? 0) < amount)) continue;
      for (const [name, amount] of needs) free.set(name, (free.get(name) ?? 0) - amount);
      const taskId = `${job.name}-${++this.#counter}`;
      this.attempts.set(taskId, { job, taskId, agentId, state: 'TASK_STAGING', endings: [] });
      launched.push({ ...job.task, task_id: { value: taskId }, agent_id: { value: agentId } });
      busy.add(job);
    }
    const offerIds = [{ value: idOf(offer['id']) }];
    if (launched.length === 0) {
      await this.#client!.call('DECLINE', { offer_ids: offerIds, filters: { refuse_seconds: 1 } });
      return;
    }
    await this.#client!.call('ACCEPT', {
      offer_ids: offerIds,
      operations: [{ type: 'LAUNCH', launch: { task_infos: launched } }],
      filters: { refuse_seconds: 0 },
    });
  }

  async #updated(status: Json): Promise<void> {
    const attempt = this.attempts.get(idOf(status['task_id']));
    const state = word(status['state']);
    if (attempt === undefined) {
      this.problems.push(`an update for a task that was never launched: ${JSON.stringify(status)}`);
      return;
    }
    const uuid = word(status['uuid']);
    if (uuid !== '')
      await this.#client!.call('ACKNOWLEDGE', {
        agent_id: status['agent_id'],
        task_id: status['task_id'],
        uuid,
      });
    if (TERMINAL.test(attempt.state)) {
      // A terminal update may come again. So may the answer to a question from before it: who asks for a task that is over is told that
      // nobody knows it (spec 03 §8).
      const isAnswer = uuid === '' && status['reason'] === 'REASON_RECONCILIATION';
      if (!isAnswer && attempt.endings.at(-1) !== state) attempt.endings.push(state);
      return;
    }
    attempt.state = state;
    if (!TERMINAL.test(state)) return;
    attempt.endings.push(state);
    if (state === 'TASK_FINISHED') {
      if (this.finished.has(attempt.job.name)) this.problems.push(`job ${attempt.job.name} finished twice`);
      this.finished.add(attempt.job.name);
    }
  }
}

function taskRef({ taskId, agentId }: Attempt): Json {
  return { task_id: { value: taskId }, agent_id: { value: agentId } };
}
