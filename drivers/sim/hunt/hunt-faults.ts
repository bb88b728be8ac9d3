import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';
import { DEFAULT_FAULT_OPTIONS, type FaultOptions } from '../faults/index.ts';

const seconds = (count: number): Micros => micros(count * MICROS_PER_SECOND);

/** No fault lasts longer. */
export const HUNT_FAULT_MAX = seconds(240);

/** Faults of a hunt, per hour, before a scenario's own factor: many, since an hour of virtual time costs little. */
export const HUNT_FAULTS: FaultOptions = {
  ...DEFAULT_FAULT_OPTIONS,
  perHour: {
    ...DEFAULT_FAULT_OPTIONS.perHour,
    agentCrash: 6,
    agentRestart: 12,
    agentFreeze: 12,
    partition: 12,
    messageLoss: 20,
    messageDuplication: 20,
    messageDelay: 20,
    masterCrash: 6,
    slowRegistry: 4,
  },
  crash: { min: seconds(5), max: HUNT_FAULT_MAX },
  diskLostOneIn: 4,
  restart: { min: seconds(1), max: seconds(60) },
  freeze: { min: seconds(1), max: seconds(180) },
  partition: { min: seconds(1), max: HUNT_FAULT_MAX },
  partitionPercentMax: 50,
};
