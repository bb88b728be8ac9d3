import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import type { AgentCheckpoint, CheckpointRecord } from '../../../engine/agent/index.ts';
import {
  CHECKPOINT_CONTRACT,
  type CheckpointWorld,
  declareContract,
} from '../../../engine/contracts/index.ts';
import { ExecutorUuids } from '../codec/ids/executor-uuids.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { CheckpointLog } from './checkpoint-log.ts';

// An agent's loop over its log, held to the contract that the simulator passes as well (drivers/sim/world/checkpoint-port.test.ts).

const built = (path: string): string =>
  JSON.stringify(new URL(`../../../dist/drivers/linux/${path}`, import.meta.url).href);

/** Takes the steps that it is given, some at a time, with the disk's time in between, and tells of each whose output is carried out. */
const PROCESS = `
  import { setImmediate as later } from 'node:timers/promises';
  import { AgentLoop } from ${built('agent/agent-loop.js')};
  import { CheckpointLog } from ${built('agent/checkpoint-log.js')};
  import { ExecutorUuids } from ${built('codec/ids/executor-uuids.js')};
  import { IdTexts } from ${built('codec/ids/id-texts.js')};
  import { WallClock } from ${built('master/clock.js')};
  let loop;
  const log = await CheckpointLog.open({
    folder: process.argv[1],
    ids: new IdTexts(null),
    uuids: new ExecutorUuids(),
    durable: (sequence) => loop.durable(sequence),
    failed: (error) => { throw error; },
    growthMin: 1500,
  });
  let steps = [];
  let next = 0;
  const machine = {
    nextDeadline: () => null,
    step(now, input, outputs) {
      // Wherever they stand, records come first.
      outputs.push({ kind: 'stopProbes', container: next });
      for (const record of steps[next++]) outputs.push({ kind: 'checkpoint', record });
    },
  };
  loop = new AgentLoop(machine, new WallClock(), log, null, (reason) => { throw new Error(reason); });
  loop.carryOutBy(({ container }) => process.send(container), () => {});
  process.on('message', async (given) => {
    steps = given;
    while (next < steps.length) {
      loop.deliver({ kind: 'tick' });
      if (next % 3 === 0) await later();
    }
  });
  process.send('ready');
`;

class RealCheckpointWorld implements CheckpointWorld {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(steps: readonly (readonly CheckpointRecord[])[], pick: number): Promise<number> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROCESS, this.#folder], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const closed = once(child, 'close');
    await once(child, 'message');
    let carriedOut = 0;
    const isSeen = new Promise<void>((resolve) => {
      const wanted = pick % (steps.length + 1);
      if (wanted === 0) resolve();
      child.on('message', () => {
        carriedOut++;
        if (carriedOut >= wanted) resolve();
      });
    });
    child.send(steps);
    await isSeen;
    child.kill('SIGKILL');
    // What it had said is still read.
    await closed;
    if (pick % 2 === 1) await this.#tear(pick);
    return carriedOut;
  }

  async find(): Promise<AgentCheckpoint | null> {
    const log = await CheckpointLog.open({
      folder: this.#folder,
      ids: new IdTexts(null),
      uuids: new ExecutorUuids(),
      durable() {},
      failed(error) {
        throw error;
      },
    });
    const { checkpoint } = log;
    await log.close();
    return checkpoint;
  }

  /** What a write leaves that the end of the power cuts short. */
  async #tear(pick: number): Promise<void> {
    const names = await readdir(this.#folder);
    const newest = names
      .filter((name) => /^checkpoint\.\d+$/.test(name))
      .sort()
      .at(-1)!;
    await appendFile(join(this.#folder, newest), Buffer.alloc(1 + (pick % 60), pick % 251));
  }
}

const folders = new Map<CheckpointWorld, string>();

declareContract<CheckpointWorld, never>(test, CHECKPOINT_CONTRACT, {
  name: 'CheckpointLog',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-checkpoint-port-'));
    const world = new RealCheckpointWorld(folder);
    folders.set(world, folder);
    return world;
  },
  close: async (world) => {
    await rm(folders.get(world)!, { recursive: true });
  },
  lacks: {},
});
