import type { MasterCapability, MasterInfo } from '../../protocol/index.ts';
import type { MasterState } from '../state.ts';

const CAPABILITIES: readonly MasterCapability[] = ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'];

/** `MasterInfo` of this master (spec 01 §6: all capabilities). */
export function masterInfo({ epoch, options }: MasterState): MasterInfo {
  return { epoch, ...options.address, capabilities: CAPABILITIES };
}
