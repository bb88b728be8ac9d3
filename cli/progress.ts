import cliProgress from 'cli-progress';
import type { Micros } from '../engine/core/index.ts';
import { clockText } from './quantity-arguments.ts';

/** Shows how far a run has come: a bar on a terminal, a plain line now and then elsewhere, nothing with `--json`. */
export interface Progress {
  /** @param at virtual instant; @param end where the run is expected to end */
  update(at: Micros, end: Micros, events: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;

/** All of it goes to standard error, so that standard output stays the result's. */
export function makeProgress(kind: 'auto' | 'none', title: string): Progress {
  if (kind === 'none') return { update() {}, stop() {} };
  return process.stderr.isTTY ? barProgress(title) : lineProgress(title);
}

function barProgress(title: string): Progress {
  const started = Date.now();
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: `${title} [{bar}] {percentage}% | {clock} | {speed} | ETA {eta_formatted}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    fps: 8,
  });
  bar.start(1, 0, { clock: '', speed: '' });
  return {
    update(at, end, events) {
      bar.setTotal(Math.max(end, 1));
      bar.update(Math.min(at, end), {
        clock: clockText(at),
        speed: speedText(at, events, Date.now() - started),
      });
    },
    stop() {
      bar.stop();
    },
  };
}

function lineProgress(title: string): Progress {
  const started = Date.now();
  let last = started;
  return {
    update(at, end, events) {
      const now = Date.now();
      if (now - last < LINE_EVERY_MS) return;
      last = now;
      const part = Math.min(1, at / Math.max(end, 1));
      const eta = part > 0 ? `, ETA ${Math.round(((now - started) * (1 - part)) / part / 1_000)} s` : '';
      const text = `${title}: ${Math.floor(part * 100)} %, ${clockText(at)}, ${speedText(at, events, now - started)}${eta}`;
      process.stderr.write(`${text}\n`);
    },
    stop() {},
  };
}

function speedText(at: Micros, events: number, wallMs: number): string {
  const seconds = Math.max(wallMs, 1) / 1_000;
  const times = Math.round(at / 1_000_000 / seconds);
  return `${times.toLocaleString('en')}x real time, ${Math.round(events / seconds / 1_000).toLocaleString('en')} k events/s`;
}
