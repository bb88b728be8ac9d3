import type { Viewer } from '../../authorization/index.ts';
import type { QuotaConfig, QuotaInfo, QuotaStatus, WeightInfo } from '../../protocol/index.ts';
import { type Quantities, resourceIdentity, Resources, scalarResource } from '../../resources/index.ts';
import type { MasterState } from '../state.ts';

/** GET_QUOTA (spec 05 §A): the quotas of roles whose quota may be read. */
export function quotaStatus(master: MasterState, viewer: Viewer): QuotaStatus {
  const infos: QuotaInfo[] = [];
  const configs: QuotaConfig[] = [];
  for (const [role, { guarantees, limits }] of master.quotas) {
    if (!viewer.may('get_quotas', role)) continue;
    const guarantee = resourcesOf(guarantees);
    infos.push({ role, principal: null, guarantee });
    configs.push({ role, guarantees, limits });
  }
  return { infos, configs };
}

/** Scalars without role or reservation. */
function resourcesOf(quantities: Quantities): Resources {
  return Resources.of(
    quantities.names.map((name, index) =>
      scalarResource(resourceIdentity({ name, type: 'SCALAR' }), quantities.values[index]!),
    ),
  );
}

/** GET_WEIGHTS (spec 05 §A): only those that were set, of roles that may be viewed. */
export function weightInfos(master: MasterState, viewer: Viewer): readonly WeightInfo[] {
  const infos: WeightInfo[] = [];
  for (const [role, weight] of master.weights) {
    if (viewer.may('view_roles', role)) infos.push({ role, weight });
  }
  return infos;
}
