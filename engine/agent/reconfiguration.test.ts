import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import type { AgentInfo, Attribute } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import { AgentMachine, DEFAULT_AGENT_SETTINGS, incompatibility } from './index.ts';
import { AGENT_INFO, AgentDriver, taskInfo } from './test-kit.ts';

function resources(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

const BEFORE: AgentInfo = {
  ...AGENT_INFO,
  resources: resources('cpus:8;mem:1024;ports:[31000-32000]'),
  attributes: [
    { name: 'rack', type: 'TEXT', text: 'r1' },
    { name: 'speed', type: 'SCALAR', scalar: milli(2_000) },
    { name: 'disks', type: 'SET', items: ['a', 'b'] },
    { name: 'lanes', type: 'RANGES', ranges: [{ begin: 1, end: 4 }] },
  ],
};

function changed(index: number, attribute: Attribute): Partial<AgentInfo> {
  return { attributes: BEFORE.attributes.map((old, at) => (at === index ? attribute : old)) };
}

// Spec 12 §2.
describe('the reconfiguration policy', () => {
  test.each<readonly [string, Partial<AgentInfo>, string | null, string | null]>([
    ['nothing', {}, null, null],
    ['the hostname', { hostname: 'x' }, 'hostname was agent-1 and is x', 'hostname was agent-1 and is x'],
    ['the port', { port: 1 }, 'port was 5051 and is 1', 'port was 5051 and is 1'],
    ['a domain that comes', { domain: { region: 'r', zone: 'z' } }, 'domain was unset and is r/z', null],
    [
      'more cpus',
      { resources: resources('cpus:9;mem:1024;ports:[31000-32000]') },
      'resource cpus:9 is new or more: there was cpus:8',
      null,
    ],
    [
      'fewer cpus',
      { resources: resources('cpus:7;mem:1024;ports:[31000-32000]') },
      'resource cpus:8 is missing or less: there is cpus:7',
      'resource cpus:8 is missing or less: there is cpus:7',
    ],
    [
      'ports that go',
      { resources: resources('cpus:8;mem:1024') },
      'resource ports:[31000-32000] is missing or less: there is none',
      'resource ports:[31000-32000] is missing or less: there is none',
    ],
    [
      'more ports',
      { resources: resources('cpus:8;mem:1024;ports:[30000-32000]') },
      'resource ports:[30000-32000] is new or more: there was ports:[31000-32000]',
      null,
    ],
    [
      'a text',
      changed(0, { name: 'rack', type: 'TEXT', text: 'r2' }),
      "attribute 'rack' was r1 and is r2",
      "attribute 'rack' was r1 and is r2",
    ],
    [
      'a larger scalar',
      changed(1, { name: 'speed', type: 'SCALAR', scalar: milli(3_000) }),
      "attribute 'speed' was 2 and is 3",
      null,
    ],
    [
      'a smaller scalar',
      changed(1, { name: 'speed', type: 'SCALAR', scalar: milli(1_000) }),
      "attribute 'speed' was 2 and is 1",
      "attribute 'speed' was 2 and is 1",
    ],
    [
      'a larger set',
      changed(2, { name: 'disks', type: 'SET', items: ['c', 'b', 'a'] }),
      "attribute 'disks' was {a, b} and is {a, b, c}",
      null,
    ],
    [
      'a set that lost an item',
      changed(2, { name: 'disks', type: 'SET', items: ['c', 'b'] }),
      "attribute 'disks' was {a, b} and is {b, c}",
      "attribute 'disks' was {a, b} and is {b, c}",
    ],
    [
      'wider ranges',
      changed(3, { name: 'lanes', type: 'RANGES', ranges: [{ begin: 0, end: 9 }] }),
      "attribute 'lanes' was [1-4] and is [0-9]",
      null,
    ],
    [
      'a type',
      changed(0, { name: 'rack', type: 'SCALAR', scalar: milli(1) }),
      "attribute 'rack' was of type TEXT and is SCALAR",
      "attribute 'rack' was of type TEXT and is SCALAR",
    ],
    [
      'an attribute that goes',
      { attributes: BEFORE.attributes.slice(1) },
      "attribute 'rack' is missing",
      "attribute 'rack' is missing",
    ],
    [
      'an attribute that comes',
      { attributes: [...BEFORE.attributes, { name: 'new', type: 'TEXT', text: '' }] },
      "attribute 'new' is new",
      null,
    ],
  ])('%s', (_name, fields, equal, additive) => {
    const now = { ...BEFORE, ...fields };
    expect(incompatibility('equal', BEFORE, now)).toBe(equal);
    expect(incompatibility('additive', BEFORE, now)).toBe(additive);
  });
});

describe('a restart with another configuration', () => {
  function restart(info: Partial<AgentInfo>, policy: 'equal' | 'additive') {
    const before = AgentDriver.registered();
    before.run(taskInfo(1));
    before.receive({ type: 'CHECKPOINT_RESOURCES', resources: AGENT_INFO.resources });
    const settings = { ...DEFAULT_AGENT_SETTINGS, checkpointing: true, reconfigurationPolicy: policy };
    const machine = new AgentMachine({ info: { ...AGENT_INFO, ...info }, seed: 1, settings });
    const recovered = before.machine.checkpoint();
    const outputs: unknown[] = [];
    machine.step(0 as never, { kind: 'started', recovered, containersAlive: true }, outputs);
    return { machine, recovered, outputs };
  }

  test('that is incompatible is refused: the agent ends, and what runs and the disk stay as they are', () => {
    const { machine, recovered, outputs } = restart({ hostname: 'other' }, 'additive');
    expect(outputs).toEqual([
      {
        kind: 'exit',
        containers: 'keep',
        reason:
          "Incompatible agent info detected (reconfiguration policy 'additive'): hostname was agent-1 and is other. " +
          "Restore the former configuration, or remove the agent's checkpoint to start as a new agent",
      },
    ]);
    expect(machine.checkpoint()).toBe(recovered);
    expect(machine.nextDeadline()).toBeNull();
  });

  test('that adds resources adds them to the total after operations', () => {
    const more = AGENT_INFO.resources.plus(Resources.ofScalars({ cpus: milli(2_000) }));
    const { machine, outputs } = restart({ resources: more }, 'additive');
    expect(outputs).not.toContainEqual(expect.objectContaining({ kind: 'exit' }));
    const sent: { readonly message?: { readonly info?: AgentInfo } }[] = [];
    machine.step(0 as never, { kind: 'linkOpened' }, sent as never);
    expect(sent[0]!.message!.info!.resources.toString()).toBe(more.toString());
  });

  test('with recover=cleanup everything that ran is ended, and the agent too', () => {
    const before = AgentDriver.registered();
    before.run(taskInfo(1));
    const settings = { ...DEFAULT_AGENT_SETTINGS, recover: 'cleanup' as const };
    const machine = new AgentMachine({ info: AGENT_INFO, seed: 1, settings });
    const outputs: { readonly kind: string }[] = [];
    const recovered = before.machine.checkpoint();
    machine.step(0 as never, { kind: 'started', recovered, containersAlive: true }, outputs as never);
    expect(outputs.map(({ kind }) => kind)).toEqual(['signalContainer', 'exit']);
    expect(outputs.at(-1)).toMatchObject({ containers: 'end' });
    expect(machine.checkpoint().tasks).toEqual([]);
  });
});
