import { edit, type Mutation } from './mutation.ts';

const REGISTRATION = 'engine/master/agent-registration.ts';
const REMOVAL = 'engine/master/agent-removal.ts';

/** Bugs of the master. */
export const MASTER_MUTATIONS: readonly Mutation[] = [
  {
    id: 'B01',
    title: 'Allocator blind to frameworks that have not come back',
    edits: [
      edit(
        REGISTRATION,
        'for (const task of agent.tasks) { if (isTerminal(task.state)) continue; used.push({',
        'for (const task of agent.tasks) { if (isTerminal(task.state) || task.framework.recovered) continue; used.push({',
      ),
    ],
    expects: ['S1', 'S2'],
    note: 'The allocator is not told what the tasks of frameworks use that have not subscribed since the election.',
  },
  {
    id: 'B02',
    title: 'Rescind first, shrink later',
    edits: [
      edit(
        'engine/master/operator-resources.ts',
        'rescindFor(master, agent, consumed);',
        'rescindFor(master, agent, consumed); for (const each of master.frameworks) master.allocator.reviveOffers(master.now, each.row, []);',
      ),
    ],
    expects: ['S1', 'S10'],
    note: 'An operator’s reservation rescinds offers to make room for itself; a cycle runs before the agent’s total is changed.',
  },
  {
    id: 'B04',
    title: 'One bad offer poisons the batch',
    edits: [
      edit('engine/master/accept.ts', 'returnOffer(master, slot, UNFILTERED);', 'removeOffer(master, slot);'),
    ],
    expects: ['S1'],
    note: null,
  },
  {
    id: 'B05',
    title: 'Agent removal frees tasks but not executors',
    edits: [
      edit(
        REMOVAL,
        'forgetExecutor(executor); master.stats.allocated.subtract(executor.info.resources);',
        'forgetExecutor(executor);',
      ),
    ],
    expects: ['S1'],
    note: 'The allocator clears an agent’s holdings by itself; the master’s own sums are what drifts.',
  },
  {
    id: 'B06',
    title: 'Executors unknown to one side',
    edits: [
      edit(
        REGISTRATION,
        'one.link !== link && !running.has(key(one.framework.id, one.info.executorId))',
        'false',
      ),
    ],
    expects: ['S1'],
    note: null,
  },
  {
    id: 'B07',
    title: 'Updates of orphan tasks ignored',
    edits: [
      edit(
        'engine/master/status-updates.ts',
        'if (framework === undefined) { counters.invalidStatusUpdates++;',
        'if (framework === undefined || framework.recovered) { counters.invalidStatusUpdates++;',
      ),
    ],
    expects: ['S1', 'L1'],
    note: null,
  },
  {
    id: 'B08',
    title: "Invalid launch stays 'pending'",
    edits: [
      edit(
        'engine/master/authorizations.ts',
        'const killed = new Set(queue.killed); queue.pending.clear();',
        'const killed = new Set(queue.killed); if (denied.size === 0) queue.pending.clear();',
      ),
      edit(
        'engine/master/authorizations.ts',
        'queue.pending.clear(); queue.killed.clear(); if (call.type',
        'if (call.type',
      ),
      edit(
        'engine/master/authorizations.ts',
        'authorizations.queues.delete(frameworkId); }',
        'if (queue.pending.size === 0) authorizations.queues.delete(frameworkId); else queue.calls.length = 0; }',
      ),
    ],
    expects: ['L6', 'L1'],
    note: 'Tasks that the authorizer denied stay in the framework’s queue of pending ones, which therefore stays.',
  },
  {
    id: 'B11',
    title: 'Reconciliation answers LOST before the real end state',
    edits: [
      edit(
        'engine/master/status-updates.ts',
        "master.send(framework, { type: 'UPDATE', status }); }",
        "if (task !== undefined && task.agent === agent && isTerminal(status.state)) forgetTask(master, task); master.send(framework, { type: 'UPDATE', status }); }",
      ),
      edit(
        'engine/master/status-updates.ts',
        'isTerminal(task.statusUpdateState)) { forgetTask(master, task); }',
        'false) { forgetTask(master, task); }',
      ),
    ],
    expects: ['S5'],
    note: null,
  },
  {
    id: 'B13',
    title: 'A second terminal state wins',
    edits: [
      edit(
        'engine/master/status-updates.ts',
        'if (!isTerminal(task.state)) { task.state = message.latestState; if (isTerminal(task.state)) recoverTask(master, task); }',
        'const wasTerminal = isTerminal(task.state); task.state = status.state; if (!wasTerminal && isTerminal(message.latestState)) { task.state = message.latestState; recoverTask(master, task); }',
      ),
    ],
    expects: ['S4', 'S1'],
    note: 'Agents of this engine say one terminal state only; here an update that waited in the stream overwrites the terminal state that the master knows already.',
  },
  {
    id: 'B15',
    title: 'Registration marker never cleared',
    edits: [
      edit(
        REGISTRATION,
        'master.readmitting.delete(id); const wasUnreachable',
        'if (master.registering.has(link)) master.readmitting.delete(id); const wasUnreachable',
      ),
    ],
    expects: ['L5', 'L6'],
    note: 'A re-admission whose link broke before it was durable leaves its marker.',
  },
  {
    id: 'B16',
    title: 'Alive to pings, never re-registers',
    edits: [edit(REMOVAL, 'if (agent.leaving === null) startReregisterTimer(master, agent);', '')],
    expects: ['L1', 'L5'],
    note: null,
  },
  {
    id: 'B19',
    title: 'Reactivation of an agent that is not connected',
    edits: [
      edit(
        'engine/master/agent-drain.ts',
        'if (agent.isOfferable) master.allocator.activateAgent(master.now, agent.row); }',
        '} master.allocator.activateAgent(master.now, agent.row);',
      ),
      edit(
        'engine/master/agent-record.ts',
        'return this.link !== null && !this.deactivated && !this.withdrawn && this.leaving !== ',
        'return !this.deactivated && !this.withdrawn && this.leaving !== ',
      ),
    ],
    expects: ['S10', 'S1', 'S2'],
    note: null,
  },
  {
    id: 'B20',
    title: 'Draining an empty machine never ends',
    edits: [
      edit(
        'engine/master/agent-drain.ts',
        'withhold(master, agent); master.draining.add(agent); orderDrain(master, agent, true);',
        'withhold(master, agent); if (agent.tasks.length > 0) master.draining.add(agent); orderDrain(master, agent, true);',
      ),
      edit(
        'engine/master/agent-drain.ts',
        "if (drain?.state === 'DRAINING') master.draining.add(agent);",
        "if (drain?.state === 'DRAINING' && agent.tasks.length > 0) master.draining.add(agent);",
      ),
    ],
    expects: ['L4'],
    note: null,
  },
  {
    id: 'B21',
    title: 'Unreachable while draining, normal when back',
    edits: [
      edit(
        'engine/master/agent-drain.ts',
        'if (drain === undefined) return; agent.deactivated = true;',
        'if (drain === undefined || master.epoch > 0) return; agent.deactivated = true;',
      ),
    ],
    expects: ['S6', 'L4'],
    note: null,
  },
  {
    id: 'B22',
    title: "'Never again' read as five seconds",
    edits: [
      edit(
        'engine/master/offers.ts',
        'if (!(seconds > 0))',
        'if (!(seconds > 0) || seconds > REFUSE_SECONDS_MAX)',
      ),
    ],
    expects: ['S12', 'C1'],
    note: null,
  },
  {
    id: 'B30',
    title: "Transient auth error kills a machine's work",
    edits: [
      edit(
        'engine/master/authorizations.ts',
        "if (!isAllowed) return; if (message.type === 'REGISTER_AGENT')",
        "if (!isAllowed) { master.out.push({ kind: 'toAgent', link, message: { type: 'SHUTDOWN', message: 'Not authorized' } }); return; } if (message.type === 'REGISTER_AGENT')",
      ),
    ],
    expects: ['S3', 'S8'],
    note: null,
  },
  {
    id: 'B53',
    title: 'Purge forgets to return quota',
    edits: [
      edit(
        'engine/master/frameworks.ts',
        "task.state = 'TASK_KILLED'; recoverTask(master, task);",
        "task.state = 'TASK_KILLED';",
      ),
    ],
    expects: ['S1', 'S7'],
    note: 'A framework’s removal drops its tasks without giving back what they use.',
  },
  {
    id: 'B54',
    title: 'Missed delete leaves a ghost',
    edits: [
      edit(
        REGISTRATION,
        '.filter((task) => !isTerminal(task.state) && !reported.has(key(task.framework.id, task.taskId)))',
        '.filter((task) => reported.size > agent.tasks.length)',
      ),
    ],
    expects: ['S1', 'L1'],
    note: 'What an agent no longer reports is not asked about when it registers again.',
  },
  {
    id: 'B55',
    title: 'Delete then add is not atomic',
    edits: [
      edit(
        REGISTRATION,
        'enterAllocator(master, agent, usageOf(master, agent)); return true;',
        'const used = usageOf(master, agent); enterAllocator(master, agent, []); master.allocator.addResourceProvider(master.now, agent.row, agent.info.resources.minus(agent.info.resources), used); return true;',
      ),
    ],
    expects: ['S1', 'S2'],
    note: 'A registered agent’s books are replaced in two transactions: it enters empty, may be offered whole, and only then what it uses is noted.',
  },
  {
    id: 'B57',
    title: 'Control plane returns and evicts everyone',
    edits: [
      edit(
        REMOVAL,
        'master.recoveryDeadline = master.after(master.options.agentReregisterTimeout);',
        'master.recoveryDeadline = master.after(master.options.agentReregisterTimeout * 0 + 1_000);',
      ),
    ],
    expects: ['S3'],
    note: 'Agents that the registry names are judged a moment after the election.',
  },
  {
    id: 'B59',
    title: 'Node deleted, tasks never final',
    edits: [
      edit(
        'engine/master/agent-gone.ts',
        "removeAgent(master, agent, 'TASK_GONE_BY_OPERATOR', 'REASON_AGENT_REMOVED_BY_OPERATOR', MESSAGE, at);",
        'agent.leaving = null;',
      ),
    ],
    expects: ['S1', 'L1'],
    note: null,
  },
  {
    id: 'B60',
    title: "Dead tasks resurrected in the new leader's books",
    edits: [
      edit(
        REGISTRATION,
        'for (const task of agent.tasks) { if (isTerminal(task.state)) continue; used.push({',
        'for (const task of agent.tasks) { used.push({',
      ),
    ],
    expects: ['S1', 'S11'],
    note: null,
  },
  {
    id: 'B65',
    title: 'Events handed to free threads',
    edits: [
      edit(
        'engine/agent/status-updates.ts',
        'const next = task.queued === null ? undefined : task.queued.shift();',
        'const next = task.queued === null ? undefined : task.queued.pop();',
      ),
    ],
    expects: ['S5', 'S9'],
    note: 'The engine has one thread; here updates of one task are handed on newest first.',
  },
];
