import { expect, test } from 'vitest';
import type { Agent, Framework } from '../../engine/master/index.ts';
import { Quantities } from '../../engine/resources/index.ts';
import { quantities, TestWorld } from './test-world.ts';

const FRAMEWORK = 0 as Framework;

function worldOfTen(): TestWorld {
  const world = new TestWorld();
  for (let agent = 0; agent < 10; agent++) world.addAgent(agent, 'cpus:4;mem:1000');
  world.addFramework(0, 'r');
  for (const given of world.take()) world.giveBack(given);
  world.allocator.suppressOffers(world.now, FRAMEWORK, []);
  return world;
}

test('a request is offered as many whole agents as cover it, at once, though the role was suppressed', () => {
  const world = worldOfTen();
  world.allocator.requestResources(world.now, FRAMEWORK, world.role('r'), quantities('cpus:9;mem:100'));
  expect(world.take()).toHaveLength(3);
  world.advance(10);
  expect(world.take()).toEqual([]);
});

test('a request that is not covered yet is offered what is freed later', () => {
  const world = worldOfTen();
  world.allocator.requestResources(world.now, FRAMEWORK, world.role('r'), quantities('cpus:45'));
  expect(world.take()).toHaveLength(10);
  world.addAgent(10, 'cpus:4;mem:1000');
  world.addAgent(11, 'cpus:4;mem:1000');
  world.addAgent(12, 'cpus:4;mem:1000');
  expect(world.take().map(({ agent }) => agent)).toEqual([10, 11]);
});

test('a request replaces the one before it, and an empty one rests the role', () => {
  const world = worldOfTen();
  const role = world.role('r');
  world.allocator.requestResources(world.now, FRAMEWORK, role, quantities('cpus:1000'));
  const given = world.take();
  expect(given).toHaveLength(10);
  world.allocator.requestResources(world.now, FRAMEWORK, role, Quantities.EMPTY);
  for (const record of given) world.giveBack(record);
  world.advance(1);
  expect(world.take()).toEqual([]);
  world.allocator.requestResources(world.now, FRAMEWORK, role, quantities('cpus:1'));
  expect(world.take()).toHaveLength(1);
});

test('a revive ends the request: the role is offered everything again', () => {
  const world = worldOfTen();
  world.allocator.requestResources(world.now, FRAMEWORK, world.role('r'), quantities('cpus:1'));
  expect(world.take()).toHaveLength(1);
  world.allocator.reviveOffers(world.now, FRAMEWORK, []);
  expect(world.take()).toHaveLength(9);
});

test('a suppression ends the request, and activating the framework does not bring it back', () => {
  const world = worldOfTen();
  world.allocator.requestResources(world.now, FRAMEWORK, world.role('r'), quantities('cpus:100'));
  for (const given of world.take()) world.giveBack(given);
  world.allocator.suppressOffers(world.now, FRAMEWORK, []);
  world.allocator.deactivateFramework(world.now, FRAMEWORK);
  world.allocator.activateFramework(world.now, FRAMEWORK);
  world.advance(1);
  expect(world.take()).toEqual([]);
});

test('a request keeps filters: what was refused is not offered for it until they end', () => {
  const world = worldOfTen();
  const role = world.role('r');
  world.allocator.requestResources(world.now, FRAMEWORK, role, quantities('cpus:4'));
  const [refused] = world.take();
  world.giveBack(refused!, 60);
  world.allocator.requestResources(world.now, FRAMEWORK, role, quantities('cpus:40'));
  expect(world.take().map(({ agent }) => agent)).not.toContain(refused!.agent as Agent);
  world.advance(61);
  expect(world.take().map(({ agent }) => agent)).toEqual([refused!.agent]);
});

test('while one role rests its request others take what it leaves', () => {
  const world = worldOfTen();
  world.addFramework(1, 'other');
  for (const given of world.take()) world.giveBack(given);
  world.allocator.requestResources(world.now, FRAMEWORK, world.role('r'), quantities('cpus:8'));
  const given = world.take();
  expect(given.filter(({ framework }) => framework === FRAMEWORK)).toHaveLength(2);
  expect(given.filter(({ framework }) => framework === 1)).toHaveLength(8);
  world.allocator.checkInvariants();
});
