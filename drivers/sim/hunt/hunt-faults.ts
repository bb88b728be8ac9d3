import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';
import { DEFAULT_FAULT_OPTIONS, type FaultOptions } from '../faults/index.ts';

const seconds = (count: number): Micros => micros(count * MICROS_PER_SECOND);

/** No fault lasts longer. */
export const HUNT_FAULT_MAX = seconds(240);

/** Faults of a hunt, per hour, before a scenario's own factor: many, since an hour of virtual time costs little. */
export const HUNT_FAULTS: FaultOptions = {
  ...DEFAULT_FAULT_OPTIONS,
  perHour: {
    agentCrash: 6,
    agentRestart: 12,
    agentFreeze: 12,
    partition: 12,
    messageLoss: 20,
    messageDuplication: 20,
    messageDelay: 20,
    masterCrash: 4,
    slowRegistry: 4,
    agentReboot: 3,
    agentWipe: 2,
    messageReorder: 10,
    halfOpen: 6,
    masterFreeze: 3,
    masterRestart: 2,
    masterClockForward: 2,
    masterClockBack: 2,
    masterClockRate: 2,
    masterPartition: 3,
    storePartition: 3,
    failingRegistry: 3,
    lostAcknowledgement: 6,
    tornBatch: 3,
    storeUnavailable: 2,
    laggingReplica: 3,
    leaseLost: 1,
    staleDetector: 4,
    executorDies: 6,
    executorHangs: 6,
    launchFails: 3,
    containerLimit: 6,
    frameworkFailover: 6,
    frameworkFreeze: 6,
    frameworkHoards: 4,
    frameworkFloods: 2,
    frameworkAnswersLate: 4,
    frameworkAcknowledgesLate: 6,
    operatorActs: 30,
    authorizerSlow: 3,
    authorizerFails: 3,
    storeLoss: 4,
  },
  crash: { min: seconds(5), max: HUNT_FAULT_MAX },
  diskLostOneIn: 4,
  restart: { min: seconds(1), max: seconds(60) },
  freeze: { min: seconds(1), max: seconds(180) },
  partition: { min: seconds(1), max: HUNT_FAULT_MAX },
  partitionPercentMax: 50,
  slowWrite: { min: seconds(1), max: seconds(15) },
  clockStep: { min: seconds(1), max: seconds(120) },
};
