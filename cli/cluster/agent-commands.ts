import { setTimeout as sleep } from 'node:timers/promises';
import { MICROS_PER_SECOND } from '../../engine/core/index.ts';
import { parseDuration } from '../quantity-arguments.ts';
import { ClusterError } from './cluster-error.ts';
import { agentId, findAgent, findOne } from './find-one.ts';
import { agentState } from './listings.ts';
import type { Connection } from './master-address.ts';
import { idOf, list, object, operatorCall } from './operator-api.ts';
import type { Output } from './output.ts';

const POLL_MILLIS = 500;

/** `orrery drain AGENT`. Throws UsageError, ClusterError. */
export async function drain(
  connection: Connection,
  out: Output,
  agentText: string,
  options: { readonly maxGrace?: string; readonly markGone?: boolean; readonly wait?: boolean },
): Promise<void> {
  const grace = options.maxGrace === undefined ? null : parseDuration('--max-grace', options.maxGrace);
  const id = agentId(await findAgent(connection, agentText));
  await operatorCall(connection, 'DRAIN_AGENT', {
    agent_id: { value: id },
    ...(grace === null
      ? {}
      : {
          max_grace_period: {
            seconds: Math.floor(grace / MICROS_PER_SECOND),
            nanos: (grace % MICROS_PER_SECOND) * 1_000,
          },
        }),
    ...(options.markGone === true ? { mark_gone: true } : {}),
  });
  out.line(`agent ${id}: draining`);
  if (options.wait === true) await drained(connection, id, options.markGone === true);
  const state = options.wait === true ? (options.markGone === true ? 'gone' : 'drained') : 'draining';
  if (options.wait === true) out.line(`agent ${id}: ${state}`);
  out.json({ agent_id: { value: id }, state });
}

async function drained(connection: Connection, id: string, goes: boolean): Promise<void> {
  for (;;) {
    const agents = list((await operatorCall(connection, 'GET_AGENTS'))['agents']);
    const agent = agents.find((one) => agentId(one) === id);
    if (agent === undefined) {
      if (goes) return;
      throw new ClusterError(`agent ${id} has left the cluster while it was draining`);
    }
    const state = agentState(agent);
    if (state === 'drained') return;
    if (state !== 'draining') throw new ClusterError(`agent ${id} is not draining any more: it is ${state}`);
    await sleep(POLL_MILLIS);
  }
}

/** `orrery agents deactivate|reactivate|gone AGENT`. */
export async function changeAgent(
  connection: Connection,
  out: Output,
  how: 'DEACTIVATE_AGENT' | 'REACTIVATE_AGENT' | 'MARK_AGENT_GONE',
  agentText: string,
): Promise<void> {
  const id = agentId(await findAgent(connection, agentText));
  await operatorCall(connection, how, { agent_id: { value: id } });
  const state = { DEACTIVATE_AGENT: 'deactivated', REACTIVATE_AGENT: 'active', MARK_AGENT_GONE: 'gone' }[how];
  out.line(`agent ${id}: ${state}`);
  out.json({ agent_id: { value: id }, state });
}

/** `orrery frameworks teardown ID`. */
export async function teardown(connection: Connection, out: Output, text: string): Promise<void> {
  const frameworks = list((await operatorCall(connection, 'GET_FRAMEWORKS'))['frameworks']);
  const id = idOf(
    object(
      findOne('framework', text, frameworks, (one) => idOf(object(one['framework_info'])['id']))[
        'framework_info'
      ],
    )['id'],
  );
  await operatorCall(connection, 'TEARDOWN', { framework_id: { value: id } });
  out.line(`framework ${id}: torn down; its tasks are killed`);
  out.json({ framework_id: { value: id } });
}
