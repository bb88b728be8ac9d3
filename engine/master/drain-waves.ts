import { type Micros, micros } from '../core/index.ts';
import { isTerminal } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { DrainLimit } from './options.ts';
import { type MasterState, TIMER_DRAIN } from './state.ts';
import type { TaskRecord } from './task-record.ts';

// Drains in waves (option `drainLimit`): see `DrainLimit` for what counts as missing. What is missing is forgotten with the master; the next
// one counts the tasks that its agents report as being killed, and no others.

/**
 * Tells a draining agent whose turn it is now. Without a limit all tasks are killed at once. `isRepeat` says the order even if it names
 * nobody new, and names those of before again: the agent is new to it, or the drain's config is another one.
 */
export function orderDrain(master: MasterState, agent: AgentRecord, isRepeat: boolean): void {
  const { config } = master.deactivatedAgents.get(agent.id)!;
  const { drainLimit } = master.options;
  if (drainLimit === null) {
    if (isRepeat) master.tell(agent, { type: 'DRAIN_AGENT', config, tasks: null });
    return;
  }
  if (agent.link === null) return;
  const ordered = (agent.drainOrdered ??= new Set());
  const wave = isRepeat ? [...ordered].filter(({ state }) => !isTerminal(state)) : [];
  const units = unitsOf(agent, ordered);
  // Those that are dying already are missing before anybody else is made so.
  for (const unit of [...units.filter(isDying), ...units.filter((one) => !isDying(one))]) {
    if (!isDying(unit) && !mayGo(unit, drainLimit)) continue;
    miss(master, unit, drainLimit);
    for (const task of unit) ordered.add(task);
    wave.push(...unit);
  }
  if (wave.length === 0 && !isRepeat) return;
  const tasks = wave.map(({ framework, taskId }) => ({ frameworkId: framework.id, taskId }));
  master.tell(agent, { type: 'DRAIN_AGENT', config, tasks });
}

/** A task began to run where nothing is drained: it makes up for the one that has been missing longest. */
export function replaced(master: MasterState, framework: FrameworkRecord): void {
  if (framework.drainDebts === null || framework.drainDebts.shift() === undefined) return;
  continueDrains(master);
}

/** Tasks that have been missing for the replacement timeout no longer count. */
export function forgiveMissing(master: MasterState, framework: FrameworkRecord): void {
  const debts = framework.drainDebts ?? [];
  let due = 0;
  while (due < debts.length && debts[due]! <= master.now) due++;
  if (due === 0) return;
  debts.splice(0, due);
  continueDrains(master);
}

function continueDrains(master: MasterState): void {
  for (const agent of master.draining) orderDrain(master, agent, false);
}

/** Live tasks that have not been ordered to go, by executor: those of one go together. In the order of the agent's tasks. */
function unitsOf(agent: AgentRecord, ordered: ReadonlySet<TaskRecord>): (readonly TaskRecord[])[] {
  const units = new Map<string, TaskRecord[]>();
  for (const task of agent.tasks) {
    if (isTerminal(task.state) || ordered.has(task)) continue;
    const key = `${task.framework.id}/${task.executorId}`;
    const unit = units.get(key);
    if (unit === undefined) units.set(key, [task]);
    else unit.push(task);
  }
  return [...units.values()];
}

function isDying(unit: readonly TaskRecord[]): boolean {
  return unit.some(({ state }) => state === 'TASK_KILLING');
}

/** Within the limit, or nothing of the framework is missing. */
function mayGo(unit: readonly TaskRecord[], { unavailableTasksMax }: DrainLimit): boolean {
  const missing = unit[0]!.framework.drainDebts?.length ?? 0;
  return missing === 0 || missing + unit.length <= unavailableTasksMax;
}

function miss(master: MasterState, unit: readonly TaskRecord[], { replacementTimeout }: DrainLimit): void {
  const { framework } = unit[0]!;
  const until: Micros = micros(master.now + replacementTimeout);
  framework.drainDebts ??= [];
  for (let count = 0; count < unit.length; count++) framework.drainDebts.push(until);
  master.timers.set(until, TIMER_DRAIN, framework.row);
}
