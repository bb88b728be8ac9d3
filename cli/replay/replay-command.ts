import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Micros, micros, microsToSeconds } from '../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../engine/master/index.ts';
import {
  decisionLine,
  JournalError,
  NUMBERS,
  type ReplayedFrom,
  replayJournal,
  type ReplayedMachine,
  type ReplayResult,
} from '../../drivers/linux/index.ts';
import { loadAllocator } from '../allocator-argument.ts';
import { parseDuration } from '../quantity-arguments.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';
import { readVersion } from '../version.ts';
import { compactCommand } from './compact-command.ts';
import { JournalNames } from './journal-names.ts';
import { RecordedWorkload } from './recorded-workload.ts';
import {
  differenceLines,
  exportWorkload,
  isWhatIf,
  type RecordedMaking,
  whatIf,
  type WhatIfOptions,
} from './what-if.ts';

/** Options of `orrery replay` as commander hands them over. */
export interface RawReplayOptions extends WhatIfOptions {
  readonly until?: string;
  readonly timeline?: boolean;
  readonly decisions?: string;
  readonly export?: string;
  readonly json?: boolean;
  readonly compact?: string;
  readonly untilStdinCloses?: boolean;
}

/** `orrery replay`. @returns exit code: 1 if the replay decides otherwise than the run did */
export async function replayCommand(journal: string, raw: RawReplayOptions): Promise<number> {
  if (raw.compact !== undefined) return compactCommand(journal, { ...raw, compact: raw.compact });
  const until = raw.until === undefined ? null : parseDuration('--until', raw.until);
  const at = raw.at === undefined ? null : parseDuration('--at', raw.at);
  const out = (line: string) => {
    if (raw.json !== true) process.stdout.write(`${line}\n`);
  };
  const watch = new Watch(raw, out);
  const first = await replayOnce(journal, null, watch, until, raw);
  watch.finish();
  for (const line of summaryLines(journal, first, watch.from)) out(line);
  if (first.divergence !== null) {
    if (raw.json === true) process.stdout.write(`${JSON.stringify(jsonOf(first))}\n`);
    return EXIT_FAILED;
  }
  let difference: Awaited<ReturnType<typeof whatIf>> | null = null;
  if (isWhatIf(raw) || raw.export !== undefined) {
    const end = first.machines.at(-1)?.to ?? null;
    const instant = watch.instant(at);
    if (instant === null || end === null || instant >= end)
      throw new UsageError(
        `--at ${raw.at ?? '0s'}: the journal ends before it, after ${spanText(watch.from, end)}`,
      );
    watch.checkThere('--at', raw.at, instant);
    // The whole run is watched for when tasks end; the cluster is that of the instant.
    const then = await replayOnce(journal, instant, null, null, raw);
    if (isWhatIf(raw))
      checkAgents(raw.at ?? spanText(watch.from, instant).replace(' ', ''), then.machine!, watch);
    const trace = watch.workload.trace(journal, then.machine!, instant, end);
    if (raw.export !== undefined) {
      const files = await exportWorkload(trace, raw.export);
      for (const file of files) out(`exported  ${file}`);
    }
    if (isWhatIf(raw)) {
      difference = await whatIf(trace, then.workload, raw, watch.making!);
      for (const line of differenceLines(difference)) out(line);
    }
  }
  if (raw.json === true) {
    const json = { ...jsonOf(first), whatIf: difference };
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }
  return EXIT_OK;
}

/** Sees the whole replay: decisions, names, and what ran. */
class Watch {
  readonly names = new JournalNames();
  readonly workload = new RecordedWorkload();
  readonly #lines: string[] | null;
  readonly #file: string | null;
  readonly #print: ((line: string) => void) | null;
  /** Most agents that were registered at a time, and since when. */
  most: { readonly agents: number; readonly at: Micros } | null = null;
  /** Instant that times are counted from: of the first input of the first master, which a snapshot may stand for. */
  from: Micros | null = null;
  /** Instant of the first input that is there. */
  #first: Micros | null = null;
  making: RecordedMaking | null = null;

  constructor(raw: RawReplayOptions, out: (line: string) => void) {
    this.#print = raw.timeline === true ? out : null;
    this.#file = raw.decisions ?? null;
    this.#lines = this.#file === null ? null : [];
    if (this.#file === null) return;
    if (existsSync(this.#file))
      throw new UsageError(`--decisions ${this.#file}: it exists already; name a new file`);
    if (!existsSync(dirname(this.#file)))
      throw new UsageError(`--decisions ${this.#file}: there is no folder ${dirname(this.#file)}`);
  }

  /** The first master is known from a snapshot on. */
  goOn(machine: MasterMachine, { from, to }: ReplayedFrom): void {
    this.from = from;
    this.workload.goOn(machine, to);
  }

  stepped(now: Micros, input: MasterInput, outputs: readonly MasterOutput[], agents: number): void {
    this.from ??= now;
    this.#first ??= now;
    if (agents > (this.most?.agents ?? 0)) this.most = { agents, at: now };
    this.workload.stepped(now, input, outputs);
    if (this.#print === null && this.#lines === null) return;
    for (const output of outputs) {
      if (this.#lines !== null) {
        const line = decisionLine(now, output, NUMBERS);
        if (line !== null) this.#lines.push(line);
      }
      if (this.#print !== null) {
        const line = decisionLine(now, output, this.names);
        if (line !== null) this.#print(`${clock(now, this.from)}  ${line.slice(line.indexOf(' ') + 1)}`);
      }
    }
  }

  /** So long after the first record; the first instant that is there for null. Null if nothing is. */
  instant(after: Micros | null): Micros | null {
    return this.from === null || after === null ? this.#first : micros(this.from + after);
  }

  /** What was before a snapshot cannot be looked at. Throws UsageError. */
  checkThere(option: string, text: string | undefined, instant: Micros): void {
    if (this.#first === null || instant >= this.#first) return;
    throw new UsageError(beforeSnapshot(option, text, this.from!, this.#first));
  }

  finish(): void {
    if (this.#lines !== null) writeFileSync(this.#file!, this.#lines.map((line) => `${line}\n`).join(''));
  }
}

async function replayOnce(
  journal: string,
  until: Micros | null,
  watch: Watch | null,
  span: Micros | null,
  raw: RawReplayOptions,
): Promise<ReplayResult & { readonly workload: RecordedWorkload }> {
  const workload = new RecordedWorkload();
  // An instant after the first record is known only when that has been read.
  let end = until;
  let from: Micros | null = null;
  try {
    const result = await replayJournal(journal, {
      factoryOf: async (name) => await loadAllocator(name, false),
      program: readVersion(),
      until: (now) => {
        from ??= now;
        if (span !== null && end === null) {
          end = micros(from + span);
          if (end < now) throw new UsageError(beforeSnapshot('--until', raw.until, from, now));
        }
        return end !== null && now > end;
      },
      observer: {
        made({ allocator, allocatorOptions, masterOptions, cluster }, machine, snapshot) {
          if (snapshot !== null) {
            from = snapshot.from;
            workload.goOn(machine, snapshot.to);
            watch?.goOn(machine, snapshot);
          }
          if (watch === null) return;
          watch.making = {
            allocator,
            timing: allocatorOptions.timing,
            // Journals of before it was an option do not have it.
            remaindersAtOnce: masterOptions.remaindersAtOnce ?? false,
          };
          watch.names.begin(cluster);
        },
        named(record) {
          watch?.names.add(record);
        },
        stepped(now, input, outputs, machine) {
          workload.stepped(now, input, outputs);
          watch?.stepped(now, input, outputs, machine.state.agents.count);
        },
      },
    });
    return { ...result, workload };
  } catch (error) {
    if (error instanceof JournalError) throw new UsageError(error.message);
    throw error;
  }
}

function beforeSnapshot(option: string, text: string | undefined, from: Micros, first: Micros): string {
  return `${option} ${text}: a snapshot stands for what was before ${spanText(from, first)}, the first instant that is there`;
}

/** A cluster without agents runs nothing, whatever is changed. Throws UsageError. */
function checkAgents(at: string, machine: MasterMachine, { most, from }: Watch): void {
  if (machine.state.agents.count > 0) return;
  const when =
    most === null
      ? 'nor at any other'
      : `the most, ${most.agents}, were first there after ${spanText(from, most.at)}`;
  throw new UsageError(`--at ${at}: no agent was registered at that instant; ${when}`);
}

function clock(now: Micros, from: Micros): string {
  return `${microsToSeconds(micros(now - from))
    .toFixed(6)
    .padStart(14)} s`;
}

function spanText(from: Micros | null, to: Micros | null): string {
  return from === null || to === null ? '0 s' : `${microsToSeconds(micros(to - from))} s`;
}

function summaryLines(journal: string, result: ReplayResult, from: Micros | null): string[] {
  const lines = [`journal   ${journal}`];
  result.machines.forEach((machine, index) => lines.push(...machineLines(machine, index, from)));
  for (const { segment, offset, bytes } of result.torn)
    lines.push(
      `torn      segment ${segment} ends within a record at byte ${offset}: ${bytes} bytes are left out`,
    );
  const { divergence } = result;
  if (divergence === null) {
    lines.push('replay    every checkpoint has the recorded hash');
  } else {
    const { inputs, segment, offset, recorded, replayed } = divergence;
    lines.push(
      `DIVERGED  at the checkpoint after ${inputs} inputs (segment ${segment}, byte ${offset}): recorded ${recorded}, replayed ${replayed}`,
    );
  }
  return lines;
}

function machineLines(machine: ReplayedMachine, index: number, from: Micros | null): string[] {
  const { inputs, outputs, checkpoints, hash, closed, version, allocator, snapshot } = machine;
  const start = from === null || machine.from === null ? '' : `, from ${spanText(from, machine.from)}`;
  return [
    `master ${index + 1}  version ${version}, ${allocator}${start}, ${spanText(machine.from, machine.to)} long`,
    ...(snapshot === null
      ? []
      : [`          from the snapshot before segment ${snapshot.segment}, after ${snapshot.inputs} inputs`]),
    `          ${inputs} inputs, ${outputs} outputs, ${checkpoints} checkpoints, hash ${hash}`,
    `          ${closed === null ? 'ended without a word' : `ended: ${closed}`}`,
  ];
}

function jsonOf({ machines, torn, divergence }: ReplayResult) {
  return { machines, torn, divergence };
}
