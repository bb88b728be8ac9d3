import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AgentId, type MasterEpoch, micros, milli } from '../core/index.ts';
import type { AgentInfo } from '../protocol/index.ts';
import { Quantities, ResourceLimits, Resources } from '../resources/index.ts';
import { type RegisteredQuota, type RegistryOperation, RegistryState } from './index.ts';

function info(n: number): AgentInfo {
  return {
    id: n as AgentId,
    hostname: `host-${n}`,
    port: 5051,
    resources: Resources.EMPTY,
    attributes: [],
    domain: null,
    capabilities: [],
    version: '1.12.0',
  };
}

/** Thousandths of a cpu; 0 for none, so that both 0 is no quota. */
function quota(guarantee: number, limit: number): RegisteredQuota {
  return {
    guarantees: Quantities.of([['cpus', milli(guarantee)]]),
    limits: limit === 0 ? ResourceLimits.UNLIMITED : ResourceLimits.of([['cpus', milli(limit)]]),
  };
}

const id = fc.nat(4).map((n) => n as AgentId);
const at = fc.nat(100).map(micros);

/** Any operation of the log. */
const operation: fc.Arbitrary<RegistryOperation> = fc.oneof(
  fc.nat(5).map((epoch) => ({ kind: 'masterElected', epoch: epoch as MasterEpoch }) as const),
  id.map((one) => ({ kind: 'agentAdmitted', id: one, info: info(one) }) as const),
  fc.tuple(id, fc.nat(9)).map(([one, n]) => ({ kind: 'agentUpdated', id: one, info: info(n) }) as const),
  fc.tuple(id, at).map(([one, when]) => ({ kind: 'agentMarkedUnreachable', id: one, at: when }) as const),
  id.map((one) => ({ kind: 'agentMarkedReachable', id: one, info: info(one) }) as const),
  fc.tuple(id, at).map(([one, when]) => ({ kind: 'agentMarkedGone', id: one, at: when }) as const),
  id.map((one) => ({ kind: 'agentRemoved', id: one }) as const),
  fc
    .tuple(fc.array(id), fc.array(id))
    .map(([unreachable, gone]) => ({ kind: 'pruned', unreachable, gone }) as const),
  fc
    .tuple(fc.constantFrom('eng', 'ops'), fc.nat(3))
    .map(([role, weight]) => ({ kind: 'weightSet', role, weight }) as const),
  fc
    .tuple(fc.constantFrom('eng', 'ops'), fc.nat(2), fc.nat(2))
    .map(([role, guarantee, limit]) => ({ kind: 'quotaSet', role, ...quota(guarantee, limit) }) as const),
);

/** Applies what fits, as the master would order it; the rest throws and changes nothing. */
function applied(operations: readonly RegistryOperation[]): RegistryState {
  const state = new RegistryState();
  for (const one of operations) {
    const before = state.snapshot();
    try {
      state.apply(one);
    } catch {
      expect(state.snapshot()).toEqual(before);
    }
  }
  return state;
}

test('an agent is admitted, unreachable or gone, never two of these; gone is for ever unless pruned', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const state = new RegistryState();
      for (const one of operations) {
        const goneBefore = [...state.snapshot().gone.keys()];
        try {
          state.apply(one);
        } catch {
          continue;
        }
        const { admitted, unreachable, gone } = state.snapshot();
        for (const agent of admitted.keys()) expect(unreachable.has(agent) || gone.has(agent)).toBe(false);
        for (const agent of unreachable.keys()) expect(gone.has(agent)).toBe(false);
        if (one.kind !== 'pruned') for (const agent of goneBefore) expect(gone.has(agent)).toBe(true);
      }
    }),
  );
});

test('a snapshot is not changed by what comes after it', () => {
  fc.assert(
    fc.property(fc.array(operation), fc.array(operation), (before, after) => {
      const state = applied(before);
      const snapshot = state.snapshot();
      const copy = structuredClone({ ...snapshot, admitted: [...snapshot.admitted.keys()] });
      for (const one of after) {
        try {
          state.apply(one);
        } catch {
          // Does not fit: changes nothing.
        }
      }
      expect({ ...snapshot, admitted: [...snapshot.admitted.keys()] }).toEqual(copy);
    }),
  );
});

test('a state restored from a snapshot goes on as the one that it was taken of', () => {
  fc.assert(
    fc.property(fc.array(operation), fc.array(operation), (before, after) => {
      const state = applied(before);
      const restored = RegistryState.restore(state.snapshot());
      expect(restored.snapshot()).toEqual(state.snapshot());
      for (const one of after) {
        for (const each of [state, restored]) {
          try {
            each.apply(one);
          } catch {
            // Does not fit: changes nothing.
          }
        }
      }
      expect(restored.snapshot()).toEqual(state.snapshot());
    }),
  );
});

test('one log gives one state, the order of agents included', () => {
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const [one, two] = [applied(operations).snapshot(), applied(operations).snapshot()];
      expect([...one.admitted]).toEqual([...two.admitted]);
      expect([...one.unreachable]).toEqual([...two.unreachable]);
      expect([...one.weights]).toEqual([...two.weights]);
      expect([...one.quotas]).toEqual([...two.quotas]);
    }),
  );
});

test('a role has the quota set last, and none if that has no guarantee and no limit', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const { quotas } = applied(operations).snapshot();
      for (const role of ['eng', 'ops']) {
        const last = operations
          .filter((one) => one.kind === 'quotaSet')
          .filter((one) => one.role === role)
          .at(-1);
        if (last === undefined || (last.guarantees.isEmpty && last.limits.isEmpty)) {
          expect(quotas.has(role)).toBe(false);
        } else {
          expect(quotas.get(role)).toEqual({ guarantees: last.guarantees, limits: last.limits });
        }
      }
    }),
  );
});

test.each<readonly [string, readonly RegistryOperation[], RegistryOperation]>([
  [
    'an epoch that is not beyond the last',
    [{ kind: 'masterElected', epoch: 2 as MasterEpoch }],
    { kind: 'masterElected', epoch: 2 as MasterEpoch },
  ],
  [
    'a second admission',
    [{ kind: 'agentAdmitted', id: 1 as AgentId, info: info(1) }],
    { kind: 'agentAdmitted', id: 1 as AgentId, info: info(1) },
  ],
  ['an update of a stranger', [], { kind: 'agentUpdated', id: 1 as AgentId, info: info(1) }],
  ['an unreachable stranger', [], { kind: 'agentMarkedUnreachable', id: 1 as AgentId, at: micros(0) }],
  [
    'a gone agent that is reachable again',
    [{ kind: 'agentMarkedGone', id: 1 as AgentId, at: micros(0) }],
    { kind: 'agentMarkedReachable', id: 1 as AgentId, info: info(1) },
  ],
  [
    'a gone agent that is admitted',
    [{ kind: 'agentMarkedGone', id: 1 as AgentId, at: micros(0) }],
    { kind: 'agentAdmitted', id: 1 as AgentId, info: info(1) },
  ],
  [
    'an unreachable agent that is admitted as if it were new',
    [
      { kind: 'agentAdmitted', id: 1 as AgentId, info: info(1) },
      { kind: 'agentMarkedUnreachable', id: 1 as AgentId, at: micros(0) },
    ],
    { kind: 'agentAdmitted', id: 1 as AgentId, info: info(1) },
  ],
])('the log refuses %s', (_name, before, refused) => {
  const state = new RegistryState();
  for (const one of before) state.apply(one);
  const snapshot = state.snapshot();
  expect(() => {
    state.apply(refused);
  }).toThrow();
  expect(state.snapshot()).toEqual(snapshot);
});
