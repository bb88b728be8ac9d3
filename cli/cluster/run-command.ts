import { randomBytes } from 'node:crypto';
import { parseNumber } from '../quantity-arguments.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../usage-error.ts';
import { ClusterError } from './cluster-error.ts';
import { agentConnection, agentId, agentsOf } from './find-one.ts';
import { follow } from './logs-command.ts';
import type { Connection } from './master-address.ts';
import { idOf, type Json, list, object, word } from './operator-api.ts';
import { resourcesText, scalarsOf } from './resource-text.ts';
import { SchedulerClient } from './scheduler-client.ts';

/** Options of `orrery run` as commander hands them over. */
export interface RawRunOptions {
  readonly name?: string;
  readonly cpus: string;
  readonly mem: string;
  readonly disk?: string;
  readonly gpus?: string;
  readonly image?: string;
  readonly env: readonly string[];
  readonly uri: readonly string[];
  readonly role: string;
  readonly user?: string;
  readonly grace?: string;
  readonly json?: boolean;
}

const TERMINAL = /^TASK_(FINISHED|FAILED|KILLED|LOST|ERROR|DROPPED|GONE|GONE_BY_OPERATOR)$/;
/** Without a fitting offer for so long, the user is told what came. */
const HINT_MILLIS = 5_000;

/**
 * `orrery run`: launches one task on the first offer that fits, shows what it says, and ends as it ends. @returns exit code: 0 if it finished, 1 if it
 * did not, 130 if the user ended it. Throws UsageError, ClusterError.
 */
export async function run(
  connection: Connection,
  command: readonly string[],
  raw: RawRunOptions,
): Promise<number> {
  const task = taskOf(command, raw);
  const one = new OneTask(connection, task, raw);
  return await one.run();
}

/** A TaskInfo but for its agent. Throws UsageError. */
function taskOf(command: readonly string[], raw: RawRunOptions): Json {
  if (command.length === 0 && raw.image === undefined)
    throw new UsageError(
      'run: nothing to run; give a command, such as `orrery run -- echo hello`, or --image',
    );
  const scalars: [string, string | undefined][] = [
    ['cpus', raw.cpus],
    ['mem', raw.mem],
    ['disk', raw.disk],
    ['gpus', raw.gpus],
  ];
  const resources = scalars
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => ({
      name,
      type: 'SCALAR',
      scalar: { value: parseNumber(`--${name} ${text}`, text!, 0.001, 1e9) },
      allocation_info: { role: raw.role },
    }));
  const id = `${raw.name ?? 'run'}-${randomBytes(4).toString('hex')}`;
  const variables = raw.env.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--env ${text}: not of the form NAME=value`);
    return { name: text.slice(0, at), type: 'VALUE', value: text.slice(at + 1) };
  });
  // One word is for a shell, as it was typed; several are a program and its arguments.
  const asShell = command.length === 1;
  return {
    name: raw.name ?? command.join(' ').slice(0, 60),
    task_id: { value: id },
    resources,
    command: {
      ...(command.length === 0
        ? { shell: false }
        : asShell
          ? { shell: true, value: command[0] }
          : { shell: false, value: command[0], arguments: command }),
      ...(variables.length === 0 ? {} : { environment: { variables } }),
      ...(raw.uri.length === 0 ? {} : { uris: raw.uri.map((value) => ({ value })) }),
      ...(raw.user === undefined ? {} : { user: raw.user }),
    },
    ...(raw.image === undefined
      ? {}
      : { container: { type: 'DOCKER', docker: { image: raw.image, network: 'HOST' } } }),
    ...(raw.grace === undefined
      ? {}
      : {
          kill_policy: {
            grace_period: {
              nanoseconds: Math.round(parseNumber(`--grace ${raw.grace}`, raw.grace, 0, 1e6) * 1e9),
            },
          },
        }),
  };
}

/** One task's life as its scheduler sees it. */
class OneTask {
  readonly #connection: Connection;
  readonly #task: Json;
  readonly #raw: RawRunOptions;
  #client: SchedulerClient | null = null;
  #agent: string | null = null;
  #state = 'TASK_STAGING';
  #wasInterrupted = false;
  #isOver = false;
  #logs: Promise<void>[] = [];
  #end: (code: number) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #seen = 'none';
  #taken: Promise<void> = Promise.resolve();

  constructor(connection: Connection, task: Json, raw: RawRunOptions) {
    this.#connection = connection;
    this.#task = task;
    this.#raw = raw;
  }

  async run(): Promise<number> {
    const over = new Promise<number>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // Whoever waits below sees it; a failure before that is not unhandled.
    over.catch(() => {});
    const { role } = this.#raw;
    this.#client = await SchedulerClient.subscribe(
      this.#connection,
      {
        user: this.#raw.user ?? process.env['USER'] ?? 'root',
        name: 'orrery run',
        roles: [role],
        checkpoint: true,
        failover_timeout: 0,
        capabilities: [
          'MULTI_ROLE',
          'PARTITION_AWARE',
          'TASK_KILLING_STATE',
          'GPU_RESOURCES',
          'RESERVATION_REFINEMENT',
        ].map((type) => ({ type })),
      },
      (event, client) => {
        this.#client = client;
        // One after the other, as they came.
        this.#taken = this.#taken.then(() => this.#take(event));
        this.#taken.catch(this.#fail);
      },
      (error) => {
        this.#fail(error ?? new ClusterError('the subscription has ended'));
      },
    );
    const hint = setTimeout(() => {
      this.#say(
        `waiting for an offer of ${resourcesText(this.#task['resources'])} in role ${role}; offered so far: ${this.#seen}`,
      );
    }, HINT_MILLIS);
    const interrupt = () => {
      this.#interrupt();
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    try {
      const code = await over.finally(() => {
        // However it ended: whoever copies the output goes on until then.
        this.#isOver = true;
      });
      await Promise.all(this.#logs);
      await this.#client.call('TEARDOWN', null);
      return code;
    } finally {
      clearTimeout(hint);
      process.removeListener('SIGINT', interrupt);
      process.removeListener('SIGTERM', interrupt);
      this.#client.close();
    }
  }

  async #take(event: Json): Promise<void> {
    if (event['type'] === 'OFFERS') await this.#offered(list(object(event['offers'])['offers']));
    if (event['type'] === 'UPDATE') await this.#updated(object(object(event['update'])['status']));
  }

  async #offered(offers: readonly Json[]): Promise<void> {
    for (const offer of offers) {
      const id = { value: idOf(offer['id']) };
      if (this.#agent === null && fits(this.#task['resources'], offer['resources'])) {
        this.#agent = idOf(offer['agent_id']);
        const info = { ...this.#task, agent_id: { value: this.#agent } };
        await this.#client!.call('ACCEPT', {
          offer_ids: [id],
          operations: [{ type: 'LAUNCH', launch: { task_infos: [info] } }],
          filters: { refuse_seconds: 0 },
        });
        await this.#client!.call('SUPPRESS', {});
        this.#say(`launched ${idOf(this.#task['task_id'])} on ${word(offer['hostname'])} (${this.#agent})`);
      } else {
        this.#seen = resourcesText(offer['resources']);
        await this.#client!.call('DECLINE', {
          offer_ids: [id],
          filters: { refuse_seconds: this.#agent === null ? 1 : 3_600 },
        });
      }
    }
  }

  async #updated(status: Json): Promise<void> {
    const state = word(status['state']);
    const uuid = word(status['uuid']);
    if (uuid !== '')
      await this.#client!.call('ACKNOWLEDGE', {
        agent_id: status['agent_id'],
        task_id: status['task_id'],
        uuid,
      });
    if (state !== this.#state) {
      this.#state = state;
      const why = [word(status['reason']), word(status['message'])].filter((text) => text !== '').join(': ');
      this.#say(`${state}${why === '' ? '' : ` (${why})`}`);
      if (this.#raw.json === true) process.stdout.write(`${JSON.stringify(status)}\n`);
    }
    if (state === 'TASK_RUNNING' && this.#logs.length === 0 && this.#raw.json !== true) await this.#follow();
    if (!TERMINAL.test(state)) return;
    if (this.#logs.length === 0 && this.#raw.json !== true) await this.#follow();
    this.#end(this.#wasInterrupted ? EXIT_INTERRUPTED : state === 'TASK_FINISHED' ? EXIT_OK : EXIT_FAILED);
  }

  async #follow(): Promise<void> {
    const agent = (await agentsOf(this.#connection)).find((one) => agentId(one) === this.#agent);
    if (agent === undefined) return;
    const files = agentConnection(agent, this.#connection);
    const id = idOf(this.#task['task_id']);
    const sandbox = `/frameworks/${this.#client!.frameworkId}/executors/${id}/runs/latest`;
    const isOver = () => Promise.resolve(this.#isOver || TERMINAL.test(this.#state));
    this.#logs = [
      follow(files, `${sandbox}/stdout`, 0, isOver, process.stdout),
      follow(files, `${sandbox}/stderr`, 0, isOver, process.stderr),
    ];
    for (const copy of this.#logs) copy.catch(this.#fail);
  }

  /** The first Ctrl-C kills the task in order; a second one gives it up at once. */
  #interrupt(): void {
    if (this.#wasInterrupted || this.#agent === null) {
      this.#end(EXIT_INTERRUPTED);
      return;
    }
    this.#wasInterrupted = true;
    this.#say('killing the task; once more ends this at once');
    this.#client!.call('KILL', { task_id: this.#task['task_id'], agent_id: { value: this.#agent } }).catch(
      this.#fail,
    );
  }

  #say(text: string): void {
    process.stderr.write(`orrery: ${text}\n`);
  }
}

/** Whether the offer's unreserved scalars are enough. */
function fits(wanted: unknown, offered: unknown): boolean {
  const free = scalarsOf(list(offered).filter((one) => one['disk'] === undefined));
  for (const [name, amount] of scalarsOf(wanted)) if ((free.get(name) ?? 0) < amount) return false;
  return true;
}
