import { assert, type Rng } from '../../../engine/core/index.ts';
import type { Attribute, DomainInfo } from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { MachineSpec } from '../../../engine/workload/index.ts';
import { chance, oneOf } from './draws.ts';

/** Shapes of machines; `ROLE` stands for a role drawn. */
const SHAPES: readonly string[] = [
  'cpus:4;mem:8192;disk:20000;ports:[31000-31010]',
  'cpus:8;mem:4096;disk:10000',
  'cpus:1.7;mem:1000.3;disk:5000.5',
  'cpus:32;mem:512;disk:2000',
  'cpus:0.5;mem:65536;disk:2000',
  'cpus:2;mem:2048;disk:4096;cpus(ROLE):2;mem(ROLE):1024;disk(ROLE):2048',
  'cpus:6;mem:6000;disk:6000;gpus:2',
  'cpus:0.1;mem:33;disk:64',
  'cpus:4;mem:20;disk:4000',
  'cpus:0.005;mem:4096;disk:4000',
  'cpus:3;mem:3000;disk:9000;mem(ROLE):512',
];

const RACKS: readonly string[] = ['r1', 'r2', 'r3'];

const DOMAINS: readonly (DomainInfo | null)[] = [
  null,
  { region: 'here', zone: 'z1' },
  { region: 'here', zone: 'z2' },
  { region: 'there', zone: 'z9' },
];

/** Machines of few shapes, or all alike. */
export function drawMachines(
  rng: Rng,
  count: number,
  roles: readonly string[],
  isUniform: boolean,
  hasDomains: boolean,
): MachineSpec[] {
  const shapes = isUniform ? [oneOf(rng, SHAPES.slice(0, 3))] : SHAPES;
  const machines: MachineSpec[] = [];
  for (let index = 0; index < count; index++) {
    const role = oneOf(
      rng,
      roles.filter((one) => one !== '*'),
    );
    const parsed = Resources.parse(oneOf(rng, shapes).replaceAll('ROLE', role));
    assert(parsed.ok, 'the shapes are in Mesos’s text form');
    machines.push({
      name: `m${index}`,
      resources: parsed.value,
      attributes: isUniform ? [] : drawAttributes(rng),
      domain: hasDomains ? oneOf(rng, DOMAINS) : null,
    });
  }
  return machines;
}

function drawAttributes(rng: Rng): Attribute[] {
  const attributes: Attribute[] = [];
  if (chance(rng, 80)) attributes.push({ name: 'rack', type: 'TEXT', text: oneOf(rng, RACKS) });
  if (chance(rng, 30)) attributes.push({ name: 'ssd', type: 'TEXT', text: 'yes' });
  return attributes;
}
