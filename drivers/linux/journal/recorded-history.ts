import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros, type TaskId } from '../../../engine/core/index.ts';
import {
  type AllocatorFactory,
  DEFAULT_MASTER_OPTIONS,
  type MasterInput,
  MasterMachine,
  type MasterOutput,
} from '../../../engine/master/index.ts';
import { ALLOCATOR_OPTIONS } from '../../../engine/master/test-kit.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { playHistory } from './journal-history.ts';
import type { MachineMaking } from './journal-record.ts';
import { decisionLine, NUMBERS } from './decision-trace.ts';
import { DEFAULT_JOURNAL_OPTIONS, type JournalOptions } from './journal-options.ts';
import type { Compactor } from './journal-pruner.ts';
import { type JournalNotice, JournalWriter } from './journal-writer.ts';
import { OutputDigest } from './output-digest.ts';

/** When recorded histories begin. */
export const HISTORY_START = micros(1_700_000_000_000_000);

export const HISTORY_MAKING: MachineMaking = {
  cluster: null,
  allocator: 'hierarchical-drf',
  masterOptions: DEFAULT_MASTER_OPTIONS,
  allocatorOptions: ALLOCATOR_OPTIONS,
  madeAt: HISTORY_START,
};

export interface RecordingOptions {
  readonly options?: Partial<JournalOptions>;
  /** Whether the recording ends in order; else the master is just gone. */
  readonly close?: boolean;
  readonly notices?: JournalNotice[];
  readonly compactor?: Compactor;
  /** After so many steps the disk catches up, and then this; without it all is written at the end. */
  readonly pause?: { readonly steps: number; readonly then: () => Promise<void> };
  /** The policy, and the name that is recorded; `hierarchical-drf` otherwise. */
  readonly allocator?: { readonly name: string; readonly factory: AllocatorFactory };
  /** Version of the recording program. */
  readonly program?: string;
  /** When the machine is made, if not at `HISTORY_START`. */
  readonly madeAt?: Micros;
  /** Gets the decision trace. */
  readonly decisions?: string[];
}

/** Plays a history on a recorded master. @returns hash of all its outputs */
export async function recordHistory(
  folder: string,
  seed: number,
  steps: number,
  given: RecordingOptions = {},
): Promise<string> {
  const options = { ...DEFAULT_JOURNAL_OPTIONS, ...given.options };
  const notice = (one: JournalNotice) => given.notices?.push(one);
  const writer = await JournalWriter.open(folder, options, notice, given.compactor ?? null);
  const making = {
    ...HISTORY_MAKING,
    allocator: given.allocator?.name ?? HISTORY_MAKING.allocator,
    madeAt: given.madeAt ?? HISTORY_START,
  };
  const machine = new MasterMachine(
    DEFAULT_MASTER_OPTIONS,
    given.allocator?.factory ?? hierarchicalDrf,
    ALLOCATOR_OPTIONS,
    making.madeAt,
  );
  const recorder = new FlightRecorder(writer, given.program ?? '0.1.0', making);
  const digest = new OutputDigest();
  const history = playHistory(
    {
      step(now, input) {
        const outputs: MasterOutput[] = [];
        for (const id of launchedIn(input)) recorder.name('task', id, `task-${id}`);
        recorder.input(now, input);
        machine.step(now, input, outputs);
        recorder.stepped(now, outputs);
        digest.add(now, outputs);
        if (given.decisions !== undefined) given.decisions.push(...decisionLines(now, outputs));
        return outputs;
      },
      nextDeadline: () => machine.nextDeadline(),
    },
    seed,
    steps,
    HISTORY_START,
  );
  let step = 0;
  for (const _pause of history) {
    if (given.pause === undefined || ++step % given.pause.steps !== 0) continue;
    await writer.flush();
    await given.pause.then();
  }
  if (given.close === false) await writer.flush();
  else await recorder.close('the test is over');
  return digest.text;
}

/** Tasks that an input launches: their names are recorded before it. */
function launchedIn(input: MasterInput): TaskId[] {
  if (input.kind !== 'schedulerCalled' || input.call.type !== 'ACCEPT') return [];
  return input.call.operations.flatMap((operation) =>
    operation.type === 'LAUNCH' ? operation.taskInfos.map(({ taskId }) => taskId) : [],
  );
}

/** Of the outputs of one step. */
export function decisionLines(now: Micros, outputs: readonly MasterOutput[]): string[] {
  return outputs.map((output) => decisionLine(now, output, NUMBERS)).filter((line) => line !== null);
}
