import {
  type AgentId,
  agentIdText,
  type FrameworkId,
  frameworkIdText,
  type MasterEpoch,
} from '../../engine/core/index.ts';
import type { IdNames, NameRecord } from '../../drivers/linux/index.ts';

type Kind = NameRecord['of'];

/** Texts of ids as the journal gives them; an id without one is shown by its numbers. */
export class JournalNames implements IdNames {
  readonly #texts: { readonly [Of in Kind]: Map<number, string> } = {
    task: new Map(),
    executor: new Map(),
    agent: new Map(),
    framework: new Map(),
  };

  #cluster: string | null = null;

  /** A machine begins: it numbers anew. */
  begin(cluster: string | null): void {
    this.#cluster = cluster;
    for (const texts of Object.values(this.#texts)) texts.clear();
  }

  add({ of, id, text }: NameRecord): void {
    this.#texts[of].set(id, text);
  }

  task(id: number): string {
    return this.#texts.task.get(id) ?? String(id);
  }

  executor(id: number): string {
    // Tasks and executors are numbered alike.
    return this.#texts.executor.get(id) ?? this.task(id);
  }

  agent(id: number): string {
    return this.#texts.agent.get(id) ?? agentIdText(id as AgentId, this.#masterText);
  }

  framework(id: number): string {
    return this.#texts.framework.get(id) ?? frameworkIdText(id as FrameworkId, this.#masterText);
  }

  readonly #masterText = (epoch: MasterEpoch): string =>
    this.#cluster === null ? `master${epoch}` : `${this.#cluster}${epoch.toString(16).padStart(8, '0')}`;
}
