import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  AgentGround,
  CONTAINER_CONTRACT,
  declareContract,
  EXECUTOR_CONTRACT,
  PROBE_CONTRACT,
} from '../../../engine/contracts/index.ts';
import { type DockerEngine, dockerMissing, startDockerEngine } from '../testing/docker-engine.ts';
import { RealAgentWorld } from './real-agent-world.ts';

// The agent's ports with a Docker Engine behind them: tasks run in an image, pods and executors as processes.

const missing = dockerMissing();

if (missing !== null) {
  test('the contracts of the agent’s ports with Docker', ({ skip }) => {
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  });
} else {
  describe('with an engine', () => {
    let engine: DockerEngine;

    beforeAll(async () => {
      engine = await startDockerEngine();
    });
    afterAll(async () => {
      await engine.stop();
    });

    const DOCKER = {
      name: 'Docker',
      open: async () => new AgentGround(await RealAgentWorld.open({ engine })),
      close: ({ world }: AgentGround) => (world as RealAgentWorld).close(),
      lacks: {
        hang: 'processes in an image are stopped by nobody but the engine',
        heedAtOnce: 'the first process of an image is deaf to SIGTERM until it has a handler',
      },
    };

    declareContract(test, CONTAINER_CONTRACT, DOCKER);
    declareContract(test, EXECUTOR_CONTRACT, DOCKER);
    declareContract(test, PROBE_CONTRACT, DOCKER);
  });
}
