import type { MasterInfo } from '../../protocol/index.ts';
import { MASTER_CAPABILITIES } from '../capabilities.ts';
import type { MasterState } from '../state.ts';

/** `MasterInfo` of this master (spec 01 §6: all capabilities). */
export function masterInfo({ epoch, options }: MasterState): MasterInfo {
  return { epoch, ...options.address, capabilities: MASTER_CAPABILITIES };
}
