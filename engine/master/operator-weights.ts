import type { OperatorMutation, WeightInfo } from '../protocol/index.ts';
import { rescindAllOffers } from './offers.ts';
import { whitelist } from './operator-quota.ts';
import { answer, change, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import { weightUpdated } from './published.ts';
import { quotaErrorText, validateWeight } from './quota-validation.ts';
import type { MasterState } from './state.ts';

type UpdateCall = Extract<OperatorMutation, { type: 'UPDATE_WEIGHTS' }>;

/** UPDATE_WEIGHTS (spec 08 §3): all of the list or nothing; of a role that is named twice the last weight holds. */
export function updateWeights(master: MasterState, from: OperatorRequest, call: UpdateCall): void {
  const { weightInfos } = call;
  const allowed = whitelist(master);
  for (const info of weightInfos) {
    const checked = validateWeight(info, allowed);
    if (checked.ok) continue;
    refuseInvalid(master, from, quotaErrorText(checked.error));
    return;
  }
  if (weightInfos.length === 0) answer(master, from);
  else change(master, from, { kind: 'weightsUpdated', weightInfos });
}

/** The registry holds the weights. If one of an active role is another than before, all offers are void: they were made by the old ones. */
export function weightsUpdated(
  master: MasterState,
  weightInfos: readonly WeightInfo[],
  from: OperatorRequest | null,
): void {
  let isActiveChanged = false;
  for (const info of weightInfos) {
    const { role, weight } = info;
    const before = master.weights.get(role) ?? 1;
    master.weights.set(role, weight);
    if (before !== weight) {
      master.allocator.setWeight(master.now, master.allocator.role(role), weight);
      isActiveChanged ||= isActive(master, role);
    }
    weightUpdated(master, info);
  }
  if (isActiveChanged) rescindAllOffers(master);
  answer(master, from);
}

/** Whether a framework subscribes to the role or one below it, or holds something there. */
function isActive(master: MasterState, role: string): boolean {
  const isWithin = (name: string) => name === role || name.startsWith(`${role}/`);
  for (const framework of master.frameworks) {
    if (framework.roles.some(isWithin)) return true;
    for (const task of framework.tasks.values())
      if (isWithin(master.allocator.roleName(task.role))) return true;
    for (const task of framework.supersededTasks ?? [])
      if (isWithin(master.allocator.roleName(task.role))) return true;
    for (const executor of framework.executors)
      if (isWithin(master.allocator.roleName(executor.role))) return true;
  }
  return false;
}
