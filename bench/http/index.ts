import { JSON_TYPE, PROTOBUF_TYPE } from '../../drivers/linux/codec/index.ts';
import type { BenchCase, Benchmark } from '../bench-case.ts';
import { dockerContainers, processContainers } from './containers.ts';
import { failoverCase } from './failover.ts';
import type { HttpRow } from './http-row.ts';
import { launchCase } from './launching.ts';
import { memoryCase } from './memory.ts';
import { offerCase } from './offering.ts';
import { recordingCase } from './recording.ts';

function launch(frameworks: number, tasksPerAccept: number, type: 'json' | 'protobuf'): BenchCase<HttpRow> {
  const name = `http/launch-${frameworks}x${tasksPerAccept}-${type}`;
  const shape = {
    agents: 400,
    frameworks,
    tasksPerAccept,
    type: type === 'json' ? JSON_TYPE : PROTOBUF_TYPE,
  } as const;
  return { name, run: () => launchCase(name, shape, 10_000) };
}

function offers(timing: 'event' | 'mesos'): BenchCase<HttpRow> {
  const name = `http/offers-${timing}`;
  return { name, run: () => offerCase(name, 1_000, 10, 1_000, timing) };
}

/** A master as it runs in production, over loopback: agents are simulated behind their real links, frameworks speak the v1 API. */
export const http: Benchmark<HttpRow> = {
  name: 'http',
  title: 'a master over real HTTP: launches, offers, failover, state, memory, containers, recording',
  cases: [
    launch(1, 1, 'json'),
    launch(1, 10, 'json'),
    launch(100, 1, 'json'),
    launch(100, 10, 'json'),
    launch(1, 10, 'protobuf'),
    launch(100, 10, 'protobuf'),
    offers('event'),
    offers('mesos'),
    { name: 'http/failover', run: () => failoverCase('http/failover', 10_000, 10) },
    {
      name: 'http/memory',
      run: () =>
        memoryCase('http/memory', { schedulers: 1_000, operators: 500, agents: 2_000, tasks: 20_000 }),
    },
    { name: 'http/recording', run: () => recordingCase('http/recording', 50, 1_000) },
    { name: 'http/containers-process', run: () => processContainers('http/containers-process', 30) },
    { name: 'http/containers-docker', run: () => dockerContainers('http/containers-docker', 10) },
  ],
};
