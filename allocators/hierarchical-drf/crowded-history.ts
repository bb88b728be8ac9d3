import { micros, milli, Rng } from '../../engine/core/index.ts';
import {
  launch,
  type MasterDriver,
  type RegisteredAgent,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
} from '../../engine/master/test-kit.ts';
import { Quantities, ResourceLimits } from '../../engine/resources/index.ts';

// A history in which the allocator has much to decide: many agents and frameworks in a tree of roles, declined, filtered, revived, with quotas and
// weights, so that orders, draws and what was declined whole all matter. For tests.

const ROLES = ['eng', 'eng/web', 'eng/web/a', 'eng/db', 'ops', 'ops/x', 'adhoc'] as const;
const TOTALS = [
  'cpus:4;mem:4096;disk:1000',
  'cpus:8;mem:8192;disk:1000;ports:[1-10]',
  'cpus:16;mem:2048;gpus:2',
  'cpus:4;mem:4096;cpus(eng):2;mem(eng):512',
].map(resources);
const PORTIONS = ['cpus:0.5;mem:128', 'cpus:1;mem:64', 'cpus:2;mem:1024'].map(resources);
const REFUSALS = [0, 1, 3, 5, 30, 600] as const;

/** Plays `steps` steps on the driver, which leads. The same seed and the same decisions give the same inputs. */
export function playCrowded(driver: MasterDriver, seed: number, steps: number): void {
  const rng = Rng.forPurpose(seed, 'crowded');
  const pick = <T>(list: readonly T[]): T => list[rng.below(list.length)]!;
  const agents: RegisteredAgent[] = [];
  const schedulers: Scheduler[] = [];
  const tasks: { readonly of: Scheduler; readonly on: RegisteredAgent; readonly id: number }[] = [];
  let number = 0;

  const answer = (scheduler: Scheduler) => {
    if (!driver.machine.state.frameworksById.has(scheduler.id)) return;
    const offers = driver.offersOf(scheduler.id);
    for (const offer of offers.slice(0, 1 + rng.below(6))) {
      const filters = { refuseSeconds: pick(REFUSALS) };
      const { frameworkId } = offer;
      const portion = pick(PORTIONS);
      const agent = agents.find(({ id }) => id === offer.agentId);
      if (rng.below(3) > 0 || agent === undefined || !offer.resources.contains(portion)) {
        driver.call(scheduler.stream, { type: 'DECLINE', frameworkId, offerIds: [offer.id], filters });
        continue;
      }
      const id = ++number;
      tasks.push({ of: scheduler, on: agent, id });
      driver.accept(scheduler, [offer.id], [launch(taskInfo(id, agent.id, {}, portion))], filters);
    }
  };

  const administer = () => {
    const role = pick(ROLES);
    const top = role.slice(0, 3) === 'adh' ? 'adhoc' : role.slice(0, 3);
    const cpus = milli(1_000 * rng.below(40));
    switch (rng.below(4)) {
      case 0:
        driver.operator({
          type: 'UPDATE_WEIGHTS',
          weightInfos: [{ role, weight: pick([0.5, 1, 2, 3]) }],
        });
        break;
      case 1: {
        const guarantees = Quantities.of([['cpus', milli(rng.below(2) * Math.floor(cpus / 4))]]);
        const limits = rng.below(2) === 0 ? ResourceLimits.UNLIMITED : ResourceLimits.of([['cpus', cpus]]);
        driver.operator({
          type: 'UPDATE_QUOTA',
          force: true,
          quotaConfigs: [{ role: top, guarantees, limits }],
        });
        break;
      }
      case 2: {
        const agent = pick(agents);
        const window = {
          machineIds: [{ hostname: agent.info.hostname, ip: null }],
          unavailability: { start: micros(driver.now + 60 * SECOND), duration: null },
        };
        const windows = rng.below(3) === 0 ? [] : [window];
        driver.operator({ type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule: { windows } });
        break;
      }
      default:
        driver.operator({
          type: rng.below(2) === 0 ? 'DEACTIVATE_AGENT' : 'REACTIVATE_AGENT',
          agentId: pick(agents).id,
        });
    }
  };

  for (let step = 0; step < steps; step++) {
    const kind = step < 12 ? step % 2 : rng.below(40);
    const scheduler = schedulers.length === 0 ? null : pick(schedulers);
    if (kind === 0) {
      agents.push(driver.register(agents.length, { resources: pick(TOTALS) }));
    } else if (kind === 1) {
      const roles = [...new Set([pick(ROLES), pick(ROLES)])];
      schedulers.push(driver.subscribe({ roles, name: `f${schedulers.length}` }));
    } else if (scheduler === null || agents.length === 0) {
      continue;
    } else if (kind < 15) {
      answer(scheduler);
    } else if (kind < 28) {
      driver.wait(rng.below(4) * 700_000);
    } else if (kind < 32) {
      const ended = tasks.splice(rng.below(tasks.length + 1), 1)[0];
      if (ended !== undefined) driver.update(ended.of, ended.on, ended.id, 'TASK_FINISHED', ++number);
    } else if (kind < 36) {
      const { id: frameworkId, stream } = scheduler;
      const type = rng.below(2) === 0 ? 'REVIVE' : 'SUPPRESS';
      driver.call(stream, { type, frameworkId, roles: [] });
    } else if (kind === 36) {
      const { id: frameworkId, stream } = scheduler;
      const requests = ROLES.map((role) => ({ role, quantities: Quantities.of([['cpus', milli(3_000)]]) }));
      driver.call(stream, {
        type: 'REQUEST',
        frameworkId,
        requests: [requests[rng.below(requests.length)]!],
      });
    } else {
      administer();
    }
  }
}
