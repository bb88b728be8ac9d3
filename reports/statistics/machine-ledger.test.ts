import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros, milli } from '../../engine/core/index.ts';
import type { FaultRecord } from '../../engine/workload/index.ts';
import type { MachineFacts } from '../run-facts.ts';
import { MachineLedger } from './machine-ledger.ts';

const END = 60;

function machine(name: string): MachineFacts {
  return { name, cpus: milli(4_000), mem: milli(1_000), gpus: milli(0), disk: milli(0) };
}

const fault: fc.Arbitrary<FaultRecord> = fc.record({
  at: fc.nat(END).map(micros),
  kind: fc.constantFrom('agentCrash', 'machineRemoved', 'machineAdded', 'agentFreeze'),
  target: fc.constantFrom('a', 'b', 'master'),
  until: fc.oneof(fc.constant(null), fc.nat(END + 20).map(micros)),
});
const history = fc
  .array(fault, { maxLength: 25 })
  .map((faults) =>
    faults.map((entry) => ({
      ...entry,
      until: entry.until === null ? null : micros(Math.max(entry.at, entry.until)),
    })),
  )
  .map((faults) => faults.sort((a, b) => a.at - b.at));

/** Counts the microseconds in which the machine was down, one by one. */
function exactDowntime(faults: readonly FaultRecord[], name: string): number {
  let down = 0;
  let until = 0;
  for (let at = 0; at < END; at++) {
    for (const entry of faults) {
      if (entry.at !== at || entry.target !== name) continue;
      if (entry.kind === 'machineAdded') until = Math.min(until, at);
      else if (entry.kind !== 'agentFreeze') until = Math.max(until, entry.until ?? Number.POSITIVE_INFINITY);
    }
    if (at < until) down++;
  }
  return down;
}

test('downtime counts every instant of an outage once', () => {
  fc.assert(
    fc.property(history, (faults) => {
      const ledger = new MachineLedger([machine('a'), machine('b')]);
      for (const entry of faults) ledger.addFault(entry);
      expect(ledger.downtime(0, END)).toBe(exactDowntime(faults, 'a'));
      expect(ledger.downtime(1, END)).toBe(exactDowntime(faults, 'b'));
    }),
  );
});
