import { join } from 'node:path';
import {
  clusterIdFrom,
  FlightRecorder,
  JournalWriter,
  LevelRegistry,
  type MasterTap,
  startMaster,
} from '../../drivers/linux/index.ts';
import type { Micros } from '../../engine/core/index.ts';
import type { MasterInput, MasterOutput } from '../../engine/master/index.ts';
import { answerQuestions } from './master-answers.ts';
import { masterSetup } from './master-setup.ts';

/**
 * A master whose flight recorder can be switched off and on again, as a process of its own; flags as those of
 * `master-main`. What recording costs is then
 * the difference between stretches of one process: two processes of the same master differ by more than that, by luck of the compiler and of the
 * heap. The journal has gaps and is of no use after it.
 */

/** Between the loop and the recorder, so that a stretch without recording pays for nothing of it. */
class RecorderSwitch implements MasterTap {
  isOn = true;
  readonly #recorder: FlightRecorder;

  constructor(recorder: FlightRecorder) {
    this.#recorder = recorder;
  }

  input(now: Micros, input: MasterInput): void {
    if (this.isOn) this.#recorder.input(now, input);
  }

  stepped(now: Micros, outputs: readonly MasterOutput[]): void {
    if (this.isOn) this.#recorder.stepped(now, outputs);
  }
}

const setup = masterSetup();
const registry = await LevelRegistry.open(join(setup.workDir, 'registry'));
const journal = await JournalWriter.open(join(setup.workDir, 'journal'), setup.journal!, (notice) => {
  throw new Error(`the journal: ${JSON.stringify(notice)}`);
});
const made: { recorder: FlightRecorder | null; tap: RecorderSwitch | null } = { recorder: null, tap: null };
const master = await startMaster({
  ...setup,
  registry,
  cluster: clusterIdFrom(new Uint8Array(12)),
  tap: ({ options, allocatorOptions, madeAt }) => {
    made.recorder = new FlightRecorder(journal, setup.program, {
      cluster: null,
      allocator: setup.allocatorName,
      masterOptions: options,
      allocatorOptions,
      madeAt,
    });
    made.tap = new RecorderSwitch(made.recorder);
    return made.tap;
  },
});
const recorder = made.recorder!;
const tap = made.tap!;
const name = (number: number, text: string): void => {
  recorder.name('task', number, text);
};
master.ids.names.onNew = name;

await answerQuestions(master, {
  switchRecording: async (on) => {
    // What was recorded in a stretch is written in it.
    await journal.flush();
    tap.isOn = on;
    master.ids.names.onNew = on ? name : null;
  },
  stop: async () => {
    await master.close();
    await recorder.close('the benchmark is over');
  },
});
