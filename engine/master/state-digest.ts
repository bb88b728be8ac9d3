import type { RegistrySnapshot } from '../registry/index.ts';
import type { MasterState } from './state.ts';
import type { MasterDriver } from './test-kit.ts';

/** Everything that a master and its allocator know, as text: two digests are equal if nothing changed. Counters of steps are left out. */
export function stateDigest(driver: Pick<MasterDriver, 'machine' | 'allocator'>): string {
  return [...masterLines(driver.machine.state), driver.allocator.digest()].join('\n');
}

/** What waits for the authorizer. */
function authorizationLines({ authorizations }: MasterState): string[] {
  if (authorizations === null) return [];
  const { asked, queues, subscribing, registering } = authorizations;
  return [
    `asked ${[...asked.keys()].join()} subscribing ${[...subscribing].join()} registering ${[...registering].join(';')}`,
    ...[...queues].map(
      ([id, { calls, pending, killed }]) =>
        `queue ${id} ${calls.length} [${[...pending.keys()].join()}] [${[...killed].join()}]`,
    ),
  ];
}

function masterLines(master: MasterState): string[] {
  const lines: string[] = [];
  for (const agent of master.agents) {
    lines.push(
      `agent ${agent.row} ${agent.id} link ${agent.link} missed ${agent.pingsMissed} leaving ${agent.leaving} ${agent.withdrawn} ` +
        `until ${agent.reregisterDeadline} ${agent.info.hostname} ${agent.info.resources.toString()}`,
      `  deactivated ${agent.deactivated} ordered ${[...(agent.drainOrdered ?? [])].map(({ taskId }) => taskId).join()} window ${JSON.stringify(agent.unavailability)} ` +
        `answers ${JSON.stringify([...(agent.inverseOfferStatuses ?? [])])}`,
      `  executors ${agent.executors.map((one) => `${one.framework.id}/${one.info.executorId}`).join()}`,
    );
  }
  for (const agent of master.agents) {
    for (const one of agent.operations?.values() ?? []) {
      const { uuid, frameworkId, info, latestStatus, link, held } = one;
      lines.push(
        `operation ${uuid} of ${frameworkId} ${info.type} ${info.id} ${latestStatus.state} ${latestStatus.uuid} over ${link} ${held.toString()}`,
      );
    }
  }
  for (const framework of master.frameworks) {
    const { row, id, stream, failoverDeadline, recovered, roles, info } = framework;
    lines.push(
      `framework ${row} ${id} stream ${stream} until ${failoverDeadline} ${framework.condemned} ${recovered} [${roles.join()}] ${info.name} ${info.principal} suppressed [${[...framework.suppressedRoles].join()}]`,
    );
    for (const task of framework.tasks.values()) {
      lines.push(
        `  task ${task.taskId} on ${task.agent.id} ${task.state} ${task.statusUpdateState} ${task.statusUpdateUuid} ${task.killRequested}`,
      );
    }
    for (const task of framework.supersededTasks ?? [])
      lines.push(`  superseded ${task.taskId} on ${task.agent.id} ${task.state}`);
    lines.push(`  forgotten ${[...(framework.forgottenEnds ?? [])].map(({ taskId }) => taskId).join()}`);
    lines.push(`  missing ${framework.drainDebts?.join() ?? ''}`);
    lines.push(`  unreachable ${[...framework.unreachableTasks.keys()].join()}`);
    const offers: number[] = [];
    for (let slot = framework.offerHead; slot !== -1; slot = master.offers.nextOfFramework(slot))
      offers.push(master.offers.offer(slot).id);
    lines.push(`  offers ${offers.join()}`);
  }
  lines.push(
    `recovered ${[...master.recoveredAgents.keys()].join()}`,
    `unreachable ${[...master.unreachableAgents].join(';')}`,
    `gone ${[...master.goneAgents].join(';')}`,
    `registering ${[...master.registering].join()} readmitting ${[...master.readmitting].join()}`,
    `deactivated ${JSON.stringify([...master.deactivatedAgents])} draining ${[...master.draining].map(({ id }) => id).join()}`,
    `quotas ${quotaText(master.quotas)} weights ${[...master.weights].join(';')}`,
    `schedule ${JSON.stringify(master.schedule)} down ${[...master.machinesDown.keys()].join(';')}`,
    `inverse offers ${[...master.inverseOffers.keys()].join()} next ${master.nextInverseOffer}`,
    `intended ${registryText(master.intended.snapshot())}`,
    `removals ${[...master.removalQueue].map((one) => (typeof one === 'number' ? one : one.id)).join()} from ${master.nextRemoval}`,
    `completed ${[...master.completedFrameworks.keys()].join()}`,
    `listeners ${[...(master.streams?.subscribers.keys() ?? [])].join()} kept ${master.streams?.kept?.length} last ${master.operatorSequence}`,
    `weights ${[...master.weights].join(';')} quotas ${[...master.quotas.keys()].join()}`,
    ...authorizationLines(master),
    `next ${master.nextAgentNumber} ${master.nextFrameworkNumber} ${master.nextOperationNumber}`,
    `allocated ${JSON.stringify(master.stats.allocated)} offered ${JSON.stringify(master.stats.offered)}`,
  );
  return lines;
}

function quotaText(quotas: RegistrySnapshot['quotas']): string {
  return [...quotas]
    .map(([role, { guarantees, limits }]) => `${role}>=${guarantees.toString()}<=${limits.toString()}`)
    .join(';');
}

function registryText(registry: RegistrySnapshot): string {
  const { admitted, unreachable, gone, deactivated, weights, quotas, schedule, machinesDown } = registry;
  return [
    [...admitted.keys()].join(),
    [...unreachable].join(';'),
    [...gone].join(';'),
    JSON.stringify([...deactivated]),
    [...weights].join(';'),
    quotaText(quotas),
    JSON.stringify([schedule, machinesDown]),
  ].join('|');
}
