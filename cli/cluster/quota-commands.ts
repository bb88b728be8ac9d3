import { UsageError } from '../usage-error.ts';
import type { Connection } from './master-address.ts';
import { type Json, list, object, operatorCall, word } from './operator-api.ts';
import type { Output } from './output.ts';
import { quantityMap } from './resource-text.ts';

/** `orrery quota`. */
export async function listQuota(connection: Connection, out: Output): Promise<void> {
  const configs = await configsOf(connection);
  out.json(configs);
  out.table(
    ['ROLE', 'GUARANTEE', 'LIMIT'],
    configs.map((config) => [word(config['role']), amounts(config['guarantees']), amounts(config['limits'])]),
    'no role has a quota',
  );
}

async function configsOf(connection: Connection): Promise<readonly Json[]> {
  return list(object((await operatorCall(connection, 'GET_QUOTA'))['status'])['configs']);
}

function amounts(map: unknown): string {
  return (
    Object.entries(object(map))
      .map(([name, scalar]) => `${name}:${word(object(scalar)['value'])}`)
      .join(' ') || '-'
  );
}

/** `orrery quota set`. Throws UsageError, ClusterError. */
export async function setQuota(
  connection: Connection,
  out: Output,
  role: string,
  options: { readonly guarantee?: string; readonly limit?: string; readonly force?: boolean },
): Promise<void> {
  if (options.guarantee === undefined && options.limit === undefined)
    throw new UsageError(`quota set ${role}: nothing to set; give --guarantee, --limit, or both`);
  const config = {
    role,
    guarantees: quantityMap('--guarantee', options.guarantee ?? ''),
    limits: quantityMap('--limit', options.limit ?? ''),
  };
  await operatorCall(connection, 'UPDATE_QUOTA', { force: options.force === true, quota_configs: [config] });
  out.json(config);
  out.line(`quota of ${role}: guarantee ${amounts(config.guarantees)}, limit ${amounts(config.limits)}`);
}

/** `orrery quota remove`. */
export async function removeQuota(connection: Connection, out: Output, role: string): Promise<void> {
  if (!(await configsOf(connection)).some((config) => config['role'] === role))
    throw new UsageError(`quota remove ${role}: the role has no quota`);
  const config = { role, guarantees: {}, limits: {} };
  await operatorCall(connection, 'UPDATE_QUOTA', { quota_configs: [config] });
  out.json(config);
  out.line(`quota of ${role}: none`);
}

/** `orrery weights`. */
export async function listWeights(connection: Connection, out: Output): Promise<void> {
  const infos = list((await operatorCall(connection, 'GET_WEIGHTS'))['weight_infos']);
  out.json(infos);
  out.table(
    ['ROLE', 'WEIGHT'],
    infos.map((info) => [word(info['role']), word(info['weight'])]),
    'every role has the weight 1',
  );
}

/** `orrery weights set ROLE=WEIGHT …`. Throws UsageError, ClusterError. */
export async function setWeights(
  connection: Connection,
  out: Output,
  texts: readonly string[],
): Promise<void> {
  const infos = texts.map((text) => {
    const at = text.lastIndexOf('=');
    const weight = at < 1 ? Number.NaN : Number(text.slice(at + 1));
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY) || text.slice(at + 1).trim() === '')
      throw new UsageError(
        `weights set ${text}: not of the form ROLE=WEIGHT with a weight above 0, such as eng=2`,
      );
    return { role: text.slice(0, at), weight };
  });
  await operatorCall(connection, 'UPDATE_WEIGHTS', { weight_infos: infos });
  out.json(infos);
  for (const { role, weight } of infos) out.line(`weight of ${role}: ${weight}`);
}
