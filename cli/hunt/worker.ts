// One process of a hunt: loads the engine, changed by a mutation or not, and runs the cases that it is told to.
import { register } from 'node:module';
import type { WorkerAnswer, WorkerAsk, WorkerStart } from './messages.ts';

const send = (answer: WorkerAnswer): void => {
  process.send!(answer);
};

process.once('message', (start: WorkerStart) => {
  if (start.edits.length > 0)
    register('./mutation-hook.js', { parentURL: import.meta.url, data: { edits: start.edits } });
  void serve();
});

async function serve(): Promise<void> {
  // Only now, behind the hook.
  const hunting = await import('../../drivers/sim/hunt/index.ts');
  process.on('message', (asked: WorkerAsk) => {
    const before = process.cpuUsage();
    const cpuMicros = (): number => {
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    switch (asked.kind) {
      case 'run': {
        const result = asked.isTwice ? hunting.huntTwice(asked.which) : hunting.hunt(asked.which);
        send({ kind: 'ran', result, cpuMicros: cpuMicros() });
        break;
      }
      case 'shrink': {
        const shrunk = hunting.shrink(asked.which, asked.property, asked.runsMax);
        send({ kind: 'shrunk', shrunk, cpuMicros: cpuMicros() });
        break;
      }
      case 'timeline': {
        const timeline = new hunting.Timeline(asked.linesMax);
        const result = hunting.hunt(asked.which, timeline);
        const lines = timeline.lines.map(hunting.lineText);
        const faults = hunting.plannedFaults(asked.which).map(({ index, text }) => `${index}: ${text}`);
        send({ kind: 'timeline', result, lines, dropped: timeline.dropped, faults, cpuMicros: cpuMicros() });
        break;
      }
    }
  });
  send({ kind: 'ready' });
}
