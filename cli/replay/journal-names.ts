import { type AgentId, agentIdText, type FrameworkId, frameworkIdText } from '../../engine/core/index.ts';
import type { IdNames, JournalRecord } from '../../drivers/linux/index.ts';

type Kind = Extract<JournalRecord, { kind: 'name' }>['of'];

/** Texts of ids as the journal gives them; an id without one is shown by its numbers. */
export class JournalNames implements IdNames {
  readonly #texts: { readonly [Of in Kind]: Map<number, string> } = {
    task: new Map(),
    executor: new Map(),
    agent: new Map(),
    framework: new Map(),
  };

  add({ of, id, text }: Extract<JournalRecord, { kind: 'name' }>): void {
    this.#texts[of].set(id, text);
  }

  task(id: number): string {
    return this.#texts.task.get(id) ?? String(id);
  }

  executor(id: number): string {
    return this.#texts.executor.get(id) ?? String(id);
  }

  agent(id: number): string {
    return this.#texts.agent.get(id) ?? agentIdText(id as AgentId, (epoch) => `master${epoch}`);
  }

  framework(id: number): string {
    return this.#texts.framework.get(id) ?? frameworkIdText(id as FrameworkId, (epoch) => `master${epoch}`);
  }
}
