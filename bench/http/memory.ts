import { request } from 'node:http';
import { JSON_TYPE } from '../../drivers/linux/codec/index.ts';
import { AgentFleet } from './agent-fleet.ts';
import { type HttpRow, httpRow } from './http-row.ts';
import { Launching } from './launching.ts';
import { type MasterAnswer, MasterProcess } from './master-process.ts';
import { SchedulerClient } from './scheduler-client.ts';
import { withFolder } from './work-folder.ts';

export interface MemoryShape {
  readonly schedulers: number;
  readonly operators: number;
  readonly agents: number;
  readonly tasks: number;
}

/** What one more of each costs a master: memory after a full collection, before and after. */
export async function memoryCase(name: string, shape: MemoryShape): Promise<HttpRow[]> {
  const rows: HttpRow[] = [];
  const row = (what: string, count: number, before: MasterAnswer, after: MasterAnswer): void => {
    rows.push(
      httpRow(`${name}/${what}`, `${count} of them`, {
        rssBytesEach: Math.round((after.rssBytes - before.rssBytes) / count),
        heapBytesEach: Math.round((after.heapBytes - before.heapBytes) / count),
      }),
    );
  };
  await withFolder(async (folder) => {
    const master = await MasterProcess.start([`--work_dir=${folder}`, '--port=0']);
    const { host, port } = master;
    // The first of each brings in code and caches that the others share.
    const schedulers = [await schedulerStream(host, port, 0)];
    const operators = [await operatorStream(host, port)];
    const scout = new AgentFleet(1, 'cpus:1;mem:1000');
    await scout.register(host, port, () => null);
    const none = await master.ask('memory');
    for (let number = 1; number <= shape.schedulers; number++)
      schedulers.push(await schedulerStream(host, port, number));
    const withSchedulers = await master.ask('memory');
    row('scheduler-stream', shape.schedulers, none, withSchedulers);
    for (let number = 0; number < shape.operators; number++) operators.push(await operatorStream(host, port));
    const withOperators = await master.ask('memory');
    row('operator-stream', shape.operators, withSchedulers, withOperators);
    for (const close of [...operators, ...schedulers]) close();
    await master.stop();
    scout.close();
  });
  await withFolder(async (folder) => {
    const master = await MasterProcess.start([`--work_dir=${folder}`, '--port=0']);
    const fleet = new AgentFleet(shape.agents + 1, 'cpus:8;mem:32768;disk:100000');
    await fleet.agents[0]!.register(master.host, master.port, null);
    const none = await master.ask('memory');
    await fleet.register(master.host, master.port, (agent) =>
      agent.number === 0 ? { tasks: [], frameworks: [] } : null,
    );
    row('agent', shape.agents, none, await master.ask('memory'));
    fleet.close();
    await master.stop();
  });
  await withFolder(async (folder) => {
    const shapeOf = { agents: 100, frameworks: 1, tasksPerAccept: 10, type: JSON_TYPE } as const;
    const launching = await Launching.start(shapeOf, [`--work_dir=${folder}`, '--port=0']);
    await launching.launch(Math.ceil(shape.tasks / 10));
    const few = await launching.master.ask('memory');
    await launching.launch(shape.tasks);
    row('task', shape.tasks, few, await launching.master.ask('memory'));
    await launching.stop();
  });
  return rows;
}

async function schedulerStream(host: string, port: number, number: number): Promise<() => void> {
  const quiet = { offers() {}, update() {} };
  const client = await SchedulerClient.subscribe(
    { host, port, type: JSON_TYPE },
    quiet,
    `role-${number % 10}`,
  );
  return () => {
    client.close();
  };
}

async function operatorStream(host: string, port: number): Promise<() => void> {
  return await new Promise((resolve, reject) => {
    const headers = { 'Content-Type': JSON_TYPE, Accept: JSON_TYPE };
    const call = request(
      { host, port, method: 'POST', path: '/api/v1', headers, agent: false },
      (response) => {
        // Its snapshot has come when the first bytes are here: the cluster is empty.
        response.once('data', () => {
          resolve(() => response.destroy());
        });
        response.on('error', () => {});
        response.resume();
      },
    );
    call.on('error', reject);
    call.end('{"type":"SUBSCRIBE"}');
  });
}
