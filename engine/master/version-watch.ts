/** Watches, for tests, that what operators see changes only with the counters that stand for it. */
import { ALL_SEEING } from '../authorization/index.ts';
import { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { agentStatus, executorViewsOf, frameworkStatus, taskViewsOf } from './queries/index.ts';
import type { MasterState } from './state.ts';

interface Seen {
  readonly version: number;
  readonly text: string;
}

export class VersionWatch {
  readonly #agents = new WeakMap<AgentRecord, Seen>();
  readonly #frameworks = new WeakMap<FrameworkRecord, Seen>();
  readonly #tasks = new WeakMap<FrameworkRecord, Seen>();
  #membership: Seen | null = null;
  /** Looks at which something was another than at the last. */
  changes = 0;

  /** Throws where something changed and its counter did not. */
  check(master: MasterState): void {
    for (const agent of master.agents)
      this.#compare(this.#agents, agent, agent.version, agentStatus(master, agent), `agent ${agent.id}`);
    const removed = [...master.completedFrameworks.values()].filter((framework) => framework !== null);
    for (const framework of [...master.frameworks, ...removed]) {
      const { version, tasksVersion, id } = framework;
      const own = [frameworkStatus(master, framework), [...executorViewsOf(framework, ALL_SEEING)]];
      this.#compare(this.#frameworks, framework, version, own, `framework ${id}`);
      const tasks = (['live', 'unreachable', 'completed'] as const).map((kind) => [
        ...taskViewsOf(master, framework, kind, ALL_SEEING),
      ]);
      this.#compare(this.#tasks, framework, tasksVersion, tasks, `the tasks of framework ${id}`);
    }
    const members = [
      Array.from(master.agents, ({ id }) => id),
      [...master.recoveredAgents.values()],
      Array.from(master.frameworks, ({ id }) => id),
      [...master.completedFrameworks.keys()],
    ];
    const seen = { version: master.membershipVersion, text: textOf(members) };
    if (this.#membership !== null) this.#compareSeen(this.#membership, seen, 'the membership');
    this.#membership = seen;
  }

  #compare<Of extends object>(
    known: WeakMap<Of, Seen>,
    of: Of,
    version: number,
    value: unknown,
    what: string,
  ): void {
    const seen = { version, text: textOf(value) };
    const before = known.get(of);
    if (before !== undefined) this.#compareSeen(before, seen, what);
    known.set(of, seen);
  }

  #compareSeen(before: Seen, now: Seen, what: string): void {
    if (before.text === now.text) return;
    this.changes++;
    if (before.version === now.version)
      throw new Error(
        `${what} changed and its version ${now.version} did not\nfrom ${before.text}\nto   ${now.text}`,
      );
  }
}

/** Resources by their text, which says all of them. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Resources) return part.toString();
    return part instanceof Map ? [...part] : part;
  });
}
