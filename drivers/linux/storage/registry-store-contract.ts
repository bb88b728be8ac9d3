import { expect, test } from 'vitest';
import { type AgentId, type MasterEpoch, micros, milli } from '../../../engine/core/index.ts';
import type { RegistryOperation } from '../../../engine/registry/index.ts';
import { RegistryState } from '../../../engine/registry/index.ts';
import { Quantities, ResourceLimits, Resources } from '../../../engine/resources/index.ts';
import type { RegistryStore } from './registry-store.ts';

/** A place for one registry: opened again and again, it is the same one. */
export interface RegistryPlace {
  open(): Promise<RegistryStore>;
}

function admitted(n: number): RegistryOperation {
  const id = n as AgentId;
  const resources = Resources.ofScalars({ cpus: milli(4_000), mem: milli(1_024_500) });
  return {
    kind: 'agentAdmitted',
    id,
    info: {
      id,
      hostname: `host-${n}`,
      ip: null,
      port: 5051,
      resources,
      attributes: [{ name: 'rack', type: 'TEXT', text: `r${n}` }],
      domain: { region: 'eu', zone: 'z1' },
      capabilities: ['MULTI_ROLE'],
      version: '1.12.0',
    },
  };
}

const QUOTA: RegistryOperation = {
  kind: 'quotasUpdated',
  quotaConfigs: [
    {
      role: 'eng',
      guarantees: Quantities.of([['cpus', milli(1_500)]]),
      limits: ResourceLimits.of([['cpus', milli(0)]]),
    },
  ],
};

const HISTORY: readonly RegistryOperation[] = [
  { kind: 'masterElected', epoch: 1 as MasterEpoch },
  admitted(1),
  admitted(2),
  { kind: 'weightsUpdated', weightInfos: [{ role: 'eng', weight: 2.5 }] },
  QUOTA,
  { kind: 'agentMarkedUnreachable', id: 1 as AgentId, at: micros(1_700_000_000_000_000) },
  { kind: 'agentMarkedGone', id: 2 as AgentId, at: micros(5) },
];

function stateAfter(operations: readonly RegistryOperation[]) {
  const state = new RegistryState();
  for (const operation of operations) state.apply(operation);
  return state.snapshot();
}

/** What every registry store does. `isKept`: what is durable outlives the process. */
export function registryStoreContract(
  name: string,
  place: () => Promise<RegistryPlace>,
  isKept: boolean,
): void {
  test(`${name}: a new registry is empty`, async () => {
    const store = await (await place()).open();
    expect(await store.load()).toEqual(new RegistryState().snapshot());
    await store.close();
  });

  test(`${name}: what was appended is loaded, whatever was appended together`, async () => {
    for (let cut = 0; cut <= HISTORY.length; cut++) {
      const store = await (await place()).open();
      await store.append(HISTORY.slice(0, cut));
      await store.append(HISTORY.slice(cut));
      expect(await store.load()).toEqual(stateAfter(HISTORY));
      await store.close();
    }
  });

  test(`${name}: calls that overlap become durable in their order`, async () => {
    const store = await (await place()).open();
    const done: number[] = [];
    await Promise.all(HISTORY.map((one, index) => store.append([one]).then(() => done.push(index))));
    expect(done).toEqual(HISTORY.map((_one, index) => index));
    expect(await store.load()).toEqual(stateAfter(HISTORY));
    await store.close();
  });

  test(`${name}: a closed registry takes nothing more`, async () => {
    const store = await (await place()).open();
    await store.close();
    await expect(store.append([HISTORY[0]!])).rejects.toThrow('closed');
  });

  if (!isKept) return;

  test(`${name}: what was durable is there when it is opened again`, async () => {
    const registry = await place();
    for (const [index, operation] of HISTORY.entries()) {
      const store = await registry.open();
      expect(await store.load()).toEqual(stateAfter(HISTORY.slice(0, index)));
      await store.append([operation]);
      await store.close();
    }
    const store = await registry.open();
    expect(await store.load()).toEqual(stateAfter(HISTORY));
    await store.close();
  });
}
