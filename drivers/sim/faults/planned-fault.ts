import { assertNever, type Micros, microsToSeconds } from '../../../engine/core/index.ts';
import type { Direction, Side } from '../network/index.ts';
import type { OperatorAct, OperatorMoment } from './operator-act.ts';

/** A part of the cluster cut off from the masters: machines in a row (wrapping around), or a framework. */
export type PartitionSubject =
  | { readonly kind: 'machines'; readonly first: number; readonly count: number }
  /** A 32-bit draw; the framework is this modulo the number of frameworks when the fault strikes. */
  | { readonly kind: 'framework'; readonly pick: number };

/** Whoever leads when the fault strikes, or the master with this number. With one master it is always that one. */
export type MasterSubject = 'leader' | number;

/** What every planned fault has. */
interface Planned {
  /** Names the fault within its plan: a plan with others left out names it the same. */
  readonly index: number;
  readonly at: Micros;
}

/**
 * One fault to come, as data. `machine` is an index into the cluster's machines; a `pick` is a 32-bit draw that chooses among what there is
 * when the fault strikes. Whatever lasts has a `duration`, after which it is cured.
 */
export type PlannedFault = Planned &
  (
    | {
        readonly kind: 'agentCrash';
        readonly machine: number;
        readonly duration: Micros;
        readonly keepsDisk: boolean;
      }
    | {
        /** `agentReboot`: an orderly reboot, its containers end. `agentWipe`: a restart that finds an empty disk and live containers. */
        readonly kind: 'agentRestart' | 'agentFreeze' | 'agentReboot' | 'agentWipe';
        readonly machine: number;
        readonly duration: Micros;
      }
    | {
        readonly kind: 'partition';
        readonly subject: PartitionSubject;
        /** Which master they are cut off from; null for all of them. */
        readonly from: MasterSubject | null;
        readonly directions: readonly Direction[];
        readonly duration: Micros;
      }
    | {
        /** `messageReorder`: the message comes late, and its sender has given the connection up and speaks on another one meanwhile. */
        readonly kind: 'messageLoss' | 'messageDuplication' | 'messageDelay' | 'messageReorder';
        readonly side: Side;
        readonly direction: Direction;
        /** For `messageDelay` and `messageReorder`. */
        readonly delay: Micros;
      }
    /** The party's end of a connection is gone and known to be, the master's end finds out by timeout. */
    | { readonly kind: 'halfOpen'; readonly side: Side; readonly pick: number }
    /** `survivingWrites` is a 32-bit draw: how many of the writes in flight survive, modulo their number plus one. */
    | {
        readonly kind: 'masterCrash';
        readonly master: MasterSubject;
        readonly duration: Micros;
        readonly survivingWrites: number;
      }
    | {
        /** `masterRestart`: in good order, the leader resigns first. */
        readonly kind: 'masterFreeze' | 'masterRestart';
        readonly master: MasterSubject;
        readonly duration: Micros;
      }
    /** The wall clock of the master's host is set; what its machine is given never goes back. */
    | {
        readonly kind: 'masterClockForward' | 'masterClockBack';
        readonly master: MasterSubject;
        readonly step: Micros;
      }
    /** `ppm` millionths too fast, negative: too slow. */
    | {
        readonly kind: 'masterClockRate';
        readonly master: MasterSubject;
        readonly ppm: number;
        readonly duration: Micros;
      }
    /** From agents and frameworks. */
    | {
        readonly kind: 'masterPartition';
        readonly master: MasterSubject;
        readonly directions: readonly Direction[];
        readonly duration: Micros;
      }
    /** From the store; `toMaster` is what the store sends. */
    | {
        readonly kind: 'storePartition';
        readonly master: MasterSubject;
        readonly directions: readonly Direction[];
        readonly duration: Micros;
      }
    | { readonly kind: 'slowRegistry'; readonly duration: Micros; readonly write: Micros }
    /** `failingRegistry`: writes are refused and not applied. `storeUnavailable`: nothing is answered. */
    | { readonly kind: 'failingRegistry' | 'storeUnavailable'; readonly duration: Micros }
    /** Of the next write: it is applied, and its master never hears of it. */
    | { readonly kind: 'lostAcknowledgement' }
    /** The next batch that takes several transactions is cut after the first ones, and its master ends there. */
    | { readonly kind: 'tornBatch'; readonly pick: number; readonly duration: Micros }
    | { readonly kind: 'laggingReplica'; readonly lag: Micros; readonly duration: Micros }
    /** The leader's lease ends in the store although it was kept alive. */
    | { readonly kind: 'leaseLost' }
    | { readonly kind: 'staleDetector'; readonly pick: number; readonly duration: Micros }
    | { readonly kind: 'executorDies'; readonly machine: number; readonly pick: number }
    | {
        readonly kind: 'executorHangs';
        readonly machine: number;
        readonly pick: number;
        readonly duration: Micros;
      }
    | { readonly kind: 'launchFails'; readonly machine: number; readonly duration: Micros }
    | {
        readonly kind: 'containerLimit';
        readonly machine: number;
        readonly pick: number;
        readonly limit: 'MEMORY_LIMIT' | 'DISK_LIMIT';
      }
    | {
        readonly kind:
          | 'frameworkFailover'
          | 'frameworkFreeze'
          | 'frameworkHoards'
          | 'frameworkFloods'
          | 'frameworkAnswersLate'
          | 'frameworkAcknowledgesLate';
        readonly pick: number;
        readonly duration: Micros;
      }
    | {
        readonly kind: 'operatorActs';
        readonly act: OperatorAct;
        readonly moment: OperatorMoment;
        readonly pick: number;
        /** Time to the call that mends it, where one does. */
        readonly duration: Micros;
      }
    /** `delay`: how long each answer takes. */
    | { readonly kind: 'authorizerSlow'; readonly delay: Micros; readonly duration: Micros }
    | { readonly kind: 'authorizerFails'; readonly duration: Micros }
    /** Each message to or from the store is lost with this probability. `pick` seeds the draws. */
    | {
        readonly kind: 'storeLoss';
        readonly percent: number;
        readonly pick: number;
        readonly duration: Micros;
      }
  );

/** One line for a person, such as `12.5 s agentCrash machine 3 for 80 s, disk lost`. */
export function describeFault(fault: PlannedFault): string {
  return `${microsToSeconds(fault.at)} s ${fault.kind} ${detailsOf(fault)}`.trimEnd();
}

function detailsOf(fault: PlannedFault): string {
  switch (fault.kind) {
    case 'agentCrash':
      return `machine ${fault.machine} ${lasting(fault)}${fault.keepsDisk ? '' : ', disk lost'}`;
    case 'agentRestart':
    case 'agentFreeze':
    case 'agentReboot':
    case 'agentWipe':
    case 'executorHangs':
    case 'launchFails':
      return `machine ${fault.machine} ${lasting(fault)}`;
    case 'executorDies':
      return `machine ${fault.machine}`;
    case 'containerLimit':
      return `machine ${fault.machine} ${fault.limit}`;
    case 'partition': {
      const { subject, from } = fault;
      const who =
        subject.kind === 'machines'
          ? `machines ${subject.first}+${subject.count}`
          : `framework pick ${subject.pick}`;
      const whom = from === null ? '' : ` from ${masterName(from)}`;
      return `${who}${whom}, ${fault.directions.join(' and ')}, ${lasting(fault)}`;
    }
    case 'messageLoss':
    case 'messageDuplication':
      return `${fault.side} ${fault.direction}`;
    case 'messageDelay':
    case 'messageReorder':
      return `${fault.side} ${fault.direction} by ${microsToSeconds(fault.delay)} s`;
    case 'halfOpen':
      return `${fault.side} pick ${fault.pick}`;
    case 'masterCrash':
    case 'masterFreeze':
    case 'masterRestart':
      return `${masterName(fault.master)} ${lasting(fault)}`;
    case 'masterClockForward':
    case 'masterClockBack':
      return `${masterName(fault.master)} by ${microsToSeconds(fault.step)} s`;
    case 'masterClockRate':
      return `${masterName(fault.master)} by ${fault.ppm} ppm ${lasting(fault)}`;
    case 'masterPartition':
    case 'storePartition':
      return `${masterName(fault.master)}, ${fault.directions.join(' and ')}, ${lasting(fault)}`;
    case 'slowRegistry':
      return `${lasting(fault)}, ${microsToSeconds(fault.write)} s a write`;
    case 'laggingReplica':
      return `${lasting(fault)}, ${microsToSeconds(fault.lag)} s behind`;
    case 'failingRegistry':
    case 'storeUnavailable':
    case 'tornBatch':
    case 'authorizerFails':
      return lasting(fault);
    case 'storeLoss':
      return `of ${fault.percent} % ${lasting(fault)}`;
    case 'authorizerSlow':
      return `${lasting(fault)}, ${microsToSeconds(fault.delay)} s an answer`;
    case 'lostAcknowledgement':
    case 'leaseLost':
      return '';
    case 'staleDetector':
      return `pick ${fault.pick} ${lasting(fault)}`;
    case 'frameworkFailover':
    case 'frameworkFreeze':
    case 'frameworkHoards':
    case 'frameworkFloods':
    case 'frameworkAnswersLate':
    case 'frameworkAcknowledgesLate':
      return `framework pick ${fault.pick} ${lasting(fault)}`;
    case 'operatorActs':
      return `${fault.act} ${fault.moment} pick ${fault.pick}, mended after ${microsToSeconds(fault.duration)} s`;
    default:
      return assertNever(fault);
  }
}

function lasting(fault: { readonly duration: Micros }): string {
  return `for ${microsToSeconds(fault.duration)} s`;
}

function masterName(master: MasterSubject): string {
  return master === 'leader' ? 'the leader' : `master ${master}`;
}
