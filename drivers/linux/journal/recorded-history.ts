import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { micros } from '../../../engine/core/index.ts';
import { DEFAULT_MASTER_OPTIONS, MasterMachine, type MasterOutput } from '../../../engine/master/index.ts';
import { ALLOCATOR_OPTIONS } from '../../../engine/master/test-kit.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { playHistory } from './journal-history.ts';
import type { MachineMaking } from './journal-record.ts';
import {
  DEFAULT_JOURNAL_OPTIONS,
  type JournalNotice,
  type JournalOptions,
  JournalWriter,
} from './journal-writer.ts';
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
}

/** Plays a history on a recorded master. @returns hash of all its outputs */
export async function recordHistory(
  folder: string,
  seed: number,
  steps: number,
  given: RecordingOptions = {},
): Promise<string> {
  const options = { ...DEFAULT_JOURNAL_OPTIONS, ...given.options };
  const writer = await JournalWriter.open(folder, options, (notice) => given.notices?.push(notice));
  const machine = new MasterMachine(
    DEFAULT_MASTER_OPTIONS,
    hierarchicalDrf,
    ALLOCATOR_OPTIONS,
    HISTORY_START,
  );
  const recorder = new FlightRecorder(writer, '0.1.0', HISTORY_MAKING);
  const digest = new OutputDigest();
  playHistory(
    {
      step(now, input) {
        const outputs: MasterOutput[] = [];
        recorder.input(now, input);
        machine.step(now, input, outputs);
        recorder.stepped(now, outputs);
        digest.add(now, outputs);
        return outputs;
      },
      nextDeadline: () => machine.nextDeadline(),
    },
    seed,
    steps,
    HISTORY_START,
  );
  if (given.close === false) await writer.flush();
  else await recorder.close('the test is over');
  return digest.text;
}
