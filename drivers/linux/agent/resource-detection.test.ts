import { expect, test } from 'vitest';
import { AgentError } from './agent-error.ts';
import { detectedResources } from './resource-detection.ts';

const SIZES = { cpus: 8, mem: 16_384, disk: 100_000 };

test.each<[string | null, string]>([
  [null, 'cpus:8;mem:15360;disk:94880;ports:[31000-32000]'],
  ['', 'cpus:8;mem:15360;disk:94880;ports:[31000-32000]'],
  ['cpus:2;mem:100', 'cpus:2;mem:100;disk:94880;ports:[31000-32000]'],
  ['cpus:0;disk:0;mem:0;ports:[]', ''],
  ['cpus(web):2;ports:[80-80]', 'cpus(web):2;mem:15360;disk:94880;ports:[80-80]'],
  ['gpus:2;cpus:1;mem:1;disk:1;ports:[1-1]', 'gpus:2;cpus:1;mem:1;disk:1;ports:[1-1]'],
  [
    '[{"name":"cpus","type":"SCALAR","scalar":{"value":3}}]',
    'cpus:3;mem:15360;disk:94880;ports:[31000-32000]',
  ],
])('of %s and the machine the agent has what is named as named, and the rest as it is', (text, expected) => {
  const total = detectedResources(text, SIZES);
  expect(total.toString().split(';').sort()).toEqual(expected.split(';').sort());
});

test('a small machine gives half of its memory and disk, one of unknown size Mesos’s defaults', () => {
  expect(detectedResources('ports:[]', { cpus: 0, mem: 1_000, disk: 8_000 }).toString()).toBe(
    'cpus:1;disk:4000;mem:500',
  );
  expect(detectedResources('ports:[]', { cpus: 1, mem: null, disk: null }).toString()).toBe(
    'cpus:1;disk:10240;mem:1024',
  );
});

test.each(['cpus', 'cpus:x', '[{"name":"cpus"}]', '[', 'cpus:1;cpus:[1-2]'])(
  'resources given as %s are refused',
  (text) => {
    expect(() => detectedResources(text, SIZES)).toThrow(AgentError);
  },
);
