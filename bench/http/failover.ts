import { request } from 'node:http';
import { JSON_TYPE } from '../../drivers/linux/codec/index.ts';
import type { FrameworkId, TaskId } from '../../engine/core/index.ts';
import type { FrameworkInfo, ReportedTask, TaskTemplate } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import { AgentFleet, type Report, type SimulatedAgent } from './agent-fleet.ts';
import { type HttpRow, httpRow } from './http-row.ts';
import { cpuMicros } from './loop-pauses.ts';
import { MasterProcess } from './master-process.ts';
import { SchedulerClient, type SchedulerScript } from './scheduler-client.ts';
import { withFolder } from './work-folder.ts';

const AGENT_RESOURCES = 'cpus:64;mem:262144;disk:1000000';
const POLL_MS = 100;
/** In which an update reaches the master. */
const SETTLE_MS = 300;
const QUIET: SchedulerScript = { offers() {}, update() {} };

const TEMPLATE: TaskTemplate = {
  name: 'task',
  command: {
    value: 'sleep 1000',
    shell: true,
    args: [],
    user: null,
    environment: [],
    uris: [],
  },
  executor: null,
  container: null,
  killPolicy: null,
  healthCheck: null,
  check: null,
  maxCompletionTime: null,
  limits: null,
  labels: null,
  discovery: null,
  data: null,
};

/**
 * All agents register, the master is killed, another one starts on the same registry, and all agents come back at once, with tasks. Then the large answers at that
 * size. Agents' tasks are made up when they come back: the master cannot tell them from tasks that it launched.
 */
export async function failoverCase(name: string, agents: number, tasksPerAgent: number): Promise<HttpRow[]> {
  return await withFolder(async (folder) => {
    const fleet = new AgentFleet(agents, AGENT_RESOURCES);
    const flags = [`--work_dir=${folder}`, '--port=0', '--agent_ping_timeout=60secs'];
    const first = await MasterProcess.start(flags);
    const beganFirst = performance.now();
    await fleet.register(first.host, first.port, () => null);
    const registerSeconds = seconds(beganFirst);
    const framework = await SchedulerClient.subscribe({ ...placeOf(first), type: JSON_TYPE }, QUIET, 'bench');
    await first.kill();
    framework.close();

    const beganStart = performance.now();
    const master = await MasterProcess.start(flags);
    const startSeconds = seconds(beganStart);
    const before = await master.ask('usage');
    const began = performance.now();
    const ownCpu = cpuMicros();
    const report = reporter(fleet, fleet.ids.framework(framework.frameworkId), tasksPerAgent);
    const registered = fleet.register(master.host, master.port, report).then(() => seconds(began));
    const again = await SchedulerClient.subscribe(
      { ...placeOf(master), type: JSON_TYPE },
      QUIET,
      'bench',
      framework.frameworkId,
    );
    const registeredSeconds = await registered;
    let now = await master.ask('usage');
    let pauseWallMs = now.pauses.wallMs;
    let pauseCpuMs = now.pauses.cpuMs;
    while (now.tasks < agents * tasksPerAgent || now.agents < agents) {
      await new Promise((resume) => setTimeout(resume, POLL_MS));
      now = await master.ask('usage');
      pauseWallMs = Math.max(pauseWallMs, now.pauses.wallMs);
      pauseCpuMs = Math.max(pauseCpuMs, now.pauses.cpuMs);
    }
    const size = `${agents} agents, ${agents * tasksPerAgent} tasks, registry and journal on disk`;
    const rows = [
      httpRow(name, size, {
        firstRegistrationSeconds: registerSeconds,
        startSeconds,
        registeredSeconds,
        allKnownSeconds: seconds(began),
        masterCpuSeconds: (now.cpuMicros - before.cpuMicros) / 1e6,
        agentsCpuSeconds: (cpuMicros() - ownCpu) / 1e6,
        pauseWallMs,
        pauseCpuMs,
        masterRssMB: now.rssBytes / 1e6,
      }),
    ];
    for (const large of LARGE_ANSWERS) {
      rows.push(await largeAnswer(`${name}/${large.name}`, size, master, large));
      if (large.name === 'idle') continue;
      // Pollers come back: to a cluster in which nothing happened, and to one in which a single task was heard of.
      rows.push(await largeAnswer(`${name}/${large.name}-again`, size, master, large));
      fleet.agents[0]!.update(
        {
          frameworkId: fleet.ids.framework(framework.frameworkId),
          task: { taskId: fleet.ids.task('task-0-0') },
        },
        'TASK_RUNNING',
      );
      await new Promise((resume) => setTimeout(resume, SETTLE_MS));
      rows.push(await largeAnswer(`${name}/${large.name}-changed`, size, master, large));
    }
    again.close();
    fleet.close();
    await master.stop();
    return rows;
  });
}

interface LargeAnswer {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly accept: string;
  readonly body: string | null;
}

const GET_STATE = { method: 'POST', path: '/api/v1', body: '{"type":"GET_STATE"}' };
const LARGE_ANSWERS: readonly LargeAnswer[] = [
  { name: 'idle', method: 'GET', path: '/version', accept: JSON_TYPE, body: null },
  { name: 'state', method: 'GET', path: '/state', accept: JSON_TYPE, body: null },
  { name: 'state-jsonp', method: 'GET', path: '/master/state?jsonp=f', accept: JSON_TYPE, body: null },
  { name: 'state-summary', method: 'GET', path: '/state-summary', accept: JSON_TYPE, body: null },
  { name: 'get-state-json', ...GET_STATE, accept: JSON_TYPE },
  { name: 'get-state-protobuf', ...GET_STATE, accept: 'application/x-protobuf' },
];

/** Bytes and time of one answer, and how long the master's event loop stood still meanwhile. */
async function largeAnswer(
  name: string,
  size: string,
  master: MasterProcess,
  { method, path, accept, body }: LargeAnswer,
): Promise<HttpRow> {
  const before = await master.ask('usage');
  const began = performance.now();
  const bytes = await new Promise<number>((resolve, reject) => {
    const headers = { Accept: accept, ...(body === null ? {} : { 'Content-Type': JSON_TYPE }) };
    const call = request({ ...placeOf(master), method, path, headers, agent: false }, (response) => {
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(length);
        else reject(new Error(`${path} was answered ${response.statusCode}`));
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body ?? undefined);
  });
  const wall = seconds(began);
  const { pauses, cpuMicros } = await master.ask('usage');
  return httpRow(name, size, {
    bytes,
    seconds: wall,
    masterCpuSeconds: (cpuMicros - before.cpuMicros) / 1e6,
    pauseWallMs: pauses.wallMs,
    pauseCpuMs: pauses.cpuMs,
    gcWallMs: pauses.gcWallMs,
  });
}

function reporter(
  fleet: AgentFleet,
  id: FrameworkId,
  tasksPerAgent: number,
): (agent: SimulatedAgent) => Report {
  const resources = Resources.parse('cpus:0.5;mem:64');
  if (!resources.ok) throw new Error('the resources of a benchmark’s tasks are malformed');
  const info: FrameworkInfo = {
    user: 'nobody',
    name: 'bench',
    id,
    failoverTimeout: 3_600,
    checkpoint: false,
    role: null,
    roles: ['bench'],
    hostname: '',
    principal: null,
    webuiUrl: null,
    capabilities: ['MULTI_ROLE', 'PARTITION_AWARE'],
    labels: null,
    offerFilters: new Map(),
  };
  return (agent) => {
    const tasks: ReportedTask[] = [];
    for (let number = 0; number < tasksPerAgent; number++) {
      const taskId: TaskId = fleet.ids.task(`task-${agent.number}-${number}`);
      tasks.push({
        frameworkId: id,
        task: { taskId, agentId: agent.id, resources: resources.value, template: TEMPLATE },
        role: 'bench',
        executorId: taskId as number as never,
        state: 'TASK_RUNNING',
        statusUpdateState: null,
        statusUpdateUuid: null,
      });
    }
    return { tasks, frameworks: [{ id, info }] };
  };
}

function placeOf({ host, port }: MasterProcess): { readonly host: string; readonly port: number } {
  return { host, port };
}

function seconds(since: number): number {
  return (performance.now() - since) / 1e3;
}
