import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContainerHandle } from '../../../engine/agent/index.ts';
import { micros } from '../../../engine/core/index.ts';
import { Agenda, CONTAINER_EXITED, CONTAINER_STARTED } from '../agenda/index.ts';
import { ContainerTable } from './container-table.ts';
import { DEFAULT_CONTAINER_OPTIONS, SIGKILL, VirtualContainers } from './virtual-containers.ts';

const task = (id: number): ContainerHandle => id as ContainerHandle;

test('the table finds what was added and not removed, machine by machine, like a list per machine', () => {
  const step = fc.record({ machine: fc.nat(3), task: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const table = new ContainerTable(4);
      const oracle = new Map<string, number>();
      for (const each of steps) {
        const key = `${each.machine} ${each.task}`;
        const slot = table.find(each.machine, task(each.task));
        expect(slot).toBe(oracle.get(key) ?? -1);
        if (slot >= 0) {
          const generation = table.generation(slot);
          table.remove(slot);
          oracle.delete(key);
          expect(table.isCurrent(slot, generation)).toBe(false);
        } else {
          oracle.set(key, table.add(each.machine, task(each.task), -1, each.task));
        }
        expect(table.count).toBe(oracle.size);
      }
      for (let machine = 0; machine < 4; machine++) {
        let count = 0;
        for (let slot = table.first(machine); slot >= 0; slot = table.next(slot)) {
          expect(table.machine(slot)).toBe(machine);
          expect(oracle.get(`${machine} ${table.handle(slot)}`)).toBe(slot);
          count++;
        }
        expect(count).toBe([...oracle.keys()].filter((key) => key.startsWith(`${machine} `)).length);
      }
    }),
  );
});

/** Runs all container events; what happened as text. */
function history(agenda: Agenda<null>, containers: VirtualContainers<null>): string[] {
  const lines: string[] = [];
  while (agenda.pop()) {
    const { time, target, detail } = agenda;
    if (agenda.kind === CONTAINER_STARTED && containers.started(micros(time), target, detail)) {
      lines.push(`${time} started ${containers.table.handle(target)}`);
    }
    if (agenda.kind === CONTAINER_EXITED && containers.isLive(micros(agenda.time), target, detail)) {
      lines.push(`${time} exited ${containers.table.handle(target)} by ${containers.table.signal(target)}`);
      containers.table.remove(target);
    }
  }
  return lines;
}

test('a container starts after its latency and exits once, after its run time', () => {
  const agenda = new Agenda<null>();
  const containers = new VirtualContainers(agenda, DEFAULT_CONTAINER_OPTIONS, 1);
  containers.launch(micros(0), 0, task(1), null, 1_000);
  expect(history(agenda, containers)).toEqual(['50000 started 1', '51000 exited 1 by 0']);
  expect(containers.table.count).toBe(0);
});

test('a signal ends a container that runs or starts, once', () => {
  const agenda = new Agenda<null>();
  const containers = new VirtualContainers(agenda, DEFAULT_CONTAINER_OPTIONS, 1);
  containers.launch(micros(0), 0, task(1), null, 1_000);
  containers.signal(micros(5), 0, task(1), SIGKILL);
  containers.signal(micros(6), 0, task(1), SIGKILL);
  containers.signal(micros(6), 0, task(2), SIGKILL);
  expect(history(agenda, containers)).toEqual(['10005 exited 1 by 9']);
});

test('a machine that goes down takes its containers and nobody else’s along', () => {
  const agenda = new Agenda<null>();
  const containers = new VirtualContainers(agenda, DEFAULT_CONTAINER_OPTIONS, 2);
  for (let id = 0; id < 5; id++) containers.launch(micros(0), id % 2, task(id), null, 1_000);
  containers.killAll(0);
  containers.launch(micros(1), 0, task(9), null, 1_000);
  expect(history(agenda, containers).filter((line) => line.includes('exited'))).toEqual([
    '51000 exited 1 by 0',
    '51000 exited 3 by 0',
    '51001 exited 9 by 0',
  ]);
});
