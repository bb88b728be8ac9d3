import { UsageError } from '../usage-error.ts';
import { agentId, findAgent } from './find-one.ts';
import type { Connection } from './master-address.ts';
import { type Json, operatorCall } from './operator-api.ts';
import type { Output } from './output.ts';
import { resourceMessages, resourcesText } from './resource-text.ts';

/** Options of `orrery reserve` and `orrery unreserve`. */
export interface RawReserveOptions {
  readonly role: string;
  readonly resources: string;
  readonly reservedBy?: string;
  readonly label: readonly string[];
}

/** `orrery reserve AGENT` and `orrery unreserve AGENT`. Throws UsageError, ClusterError. */
export async function reserve(
  connection: Connection,
  out: Output,
  how: 'RESERVE_RESOURCES' | 'UNRESERVE_RESOURCES',
  agentText: string,
  options: RawReserveOptions,
): Promise<void> {
  const resources = reserved(options);
  const agent = await findAgent(connection, agentText);
  await operatorCall(connection, how, { agent_id: { value: agentId(agent) }, resources });
  out.json({ agent_id: { value: agentId(agent) }, resources });
  const verb = how === 'RESERVE_RESOURCES' ? 'reserved for' : 'no longer reserved for';
  out.line(`${resourcesText(resources)} of agent ${agentId(agent)}: ${verb} ${options.role}`);
}

function reserved({ role, resources, reservedBy, label }: RawReserveOptions): readonly Json[] {
  const labels = label.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--label ${text}: not of the form key=value`);
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });
  const reservation = {
    type: 'DYNAMIC',
    role,
    ...(reservedBy === undefined ? {} : { principal: reservedBy }),
    ...(labels.length === 0 ? {} : { labels: { labels } }),
  };
  return resourceMessages('--resources', resources).map((one) => ({ ...one, reservations: [reservation] }));
}
