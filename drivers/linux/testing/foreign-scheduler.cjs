/**
 * A scheduler that is npm's `mesos-framework`, for tests: launches one task for each word on its command line, all with one custom executor, and
 * tells its parent of its events. Orders come from the parent as [method, ...arguments].
 *
 * Arguments: port of the master, folder for logs, command of the executor, and the name of each task.
 */
const { Scheduler, Mesos } = require('mesos-framework');

const [port, path, executorCommand, ...names] = process.argv.slice(2);
const mesos = Mesos.getMesos();
const scalar = (name, value) => ({ name, type: 'SCALAR', scalar: { value } });
let isLaunched = false;

const scheduler = new Scheduler({
  masterUrl: '127.0.0.1',
  port,
  frameworkName: 'foreign',
  // Its own default is shorter than Mesos's heartbeat.
  masterConnectionTimeout: 60,
  logging: { path, fileName: 'scheduler.log', level: 'error' },
  handlers: {
    // Its own handler cannot launch a task without a command, and a task with an executor has none.
    OFFERS({ offers: [offer, ...others] }) {
      for (const { id } of others) scheduler.decline([id], null);
      if (isLaunched) {
        scheduler.decline([offer.id], null);
        return;
      }
      isLaunched = true;
      const executor = new mesos.ExecutorInfo({
        executor_id: { value: 'foreign-executor' },
        name: 'a foreign executor',
        command: { value: executorCommand },
      });
      const tasks = names.map((name, index) => ({
        name,
        task_id: { value: `${name}-${index}` },
        agent_id: offer.agent_id,
        resources: [scalar('cpus', 0.1), scalar('mem', 32)],
        executor,
      }));
      scheduler.accept([offer.id], { type: 'LAUNCH', launch: { task_infos: tasks } }, null);
    },
  },
});
for (const event of ['error', 'subscribed', 'update', 'message', 'failure'])
  scheduler.on(event, (value) => process.send([event, value]));
scheduler.on('ready', () => scheduler.subscribe());
process.on('message', ([method, ...values]) => scheduler[method](...values));
