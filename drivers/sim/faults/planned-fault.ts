import { assertNever, type Micros, microsToSeconds } from '../../../engine/core/index.ts';
import type { Direction, Side } from '../network/index.ts';

/** A part of the cluster cut off from the master: machines in a row (wrapping around), or a framework. */
export type PartitionSubject =
  | { readonly kind: 'machines'; readonly first: number; readonly count: number }
  /** A 32-bit draw; the framework is this modulo the number of frameworks when the fault strikes. */
  | { readonly kind: 'framework'; readonly pick: number };

/** One fault to come, as data. `machine` is an index into the cluster's machines. */
export type PlannedFault =
  | {
      readonly kind: 'agentCrash';
      readonly at: Micros;
      readonly machine: number;
      readonly duration: Micros;
      readonly keepsDisk: boolean;
    }
  | {
      readonly kind: 'agentRestart' | 'agentFreeze';
      readonly at: Micros;
      readonly machine: number;
      readonly duration: Micros;
    }
  | {
      readonly kind: 'partition';
      readonly at: Micros;
      readonly subject: PartitionSubject;
      readonly directions: readonly Direction[];
      readonly duration: Micros;
    }
  | {
      readonly kind: 'messageLoss' | 'messageDuplication' | 'messageDelay';
      readonly at: Micros;
      readonly side: Side;
      readonly direction: Direction;
      /** For `messageDelay`. */
      readonly delay: Micros;
    }
  /** `survivingWrites` is a 32-bit draw: how many of the writes in flight survive, modulo their number plus one. */
  | {
      readonly kind: 'masterCrash';
      readonly at: Micros;
      readonly duration: Micros;
      readonly survivingWrites: number;
    }
  | { readonly kind: 'slowRegistry'; readonly at: Micros; readonly duration: Micros; readonly write: Micros };

/** One line for a person, such as `12.5 s agentCrash machine 3 for 80 s, disk lost`. */
export function describeFault(fault: PlannedFault): string {
  return `${microsToSeconds(fault.at)} s ${fault.kind} ${detailsOf(fault)}`;
}

function detailsOf(fault: PlannedFault): string {
  switch (fault.kind) {
    case 'agentCrash':
      return `machine ${fault.machine} for ${microsToSeconds(fault.duration)} s${fault.keepsDisk ? '' : ', disk lost'}`;
    case 'agentRestart':
    case 'agentFreeze':
      return `machine ${fault.machine} for ${microsToSeconds(fault.duration)} s`;
    case 'partition': {
      const { subject } = fault;
      const who =
        subject.kind === 'machines'
          ? `machines ${subject.first}+${subject.count}`
          : `framework pick ${subject.pick}`;
      return `${who}, ${fault.directions.join(' and ')}, for ${microsToSeconds(fault.duration)} s`;
    }
    case 'messageLoss':
    case 'messageDuplication':
      return `${fault.side} ${fault.direction}`;
    case 'messageDelay':
      return `${fault.side} ${fault.direction} by ${microsToSeconds(fault.delay)} s`;
    case 'masterCrash':
      return `for ${microsToSeconds(fault.duration)} s`;
    case 'slowRegistry':
      return `for ${microsToSeconds(fault.duration)} s, ${microsToSeconds(fault.write)} s a write`;
    default:
      return assertNever(fault);
  }
}
