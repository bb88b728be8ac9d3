/**
 * A custom executor for tests: speaks the executor API over HTTP in JSON, and subscribes anew when its agent is back, as long as the recovery timeout
 * lets it; without checkpointing it ends with its connection (spec 04 §4, §5). A task's data says what it does: `finish` ends at once, anything else
 * runs until it is killed.
 */
export const TEST_EXECUTOR = `
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';

const [host, port] = process.env.MESOS_AGENT_ENDPOINT.split(':');
const ids = {
  framework_id: { value: process.env.MESOS_FRAMEWORK_ID },
  executor_id: { value: process.env.MESOS_EXECUTOR_ID },
};
const checkpoints = process.env.MESOS_CHECKPOINT === '1';
const [, amount, unit] = /^([0-9.]+)(ms|secs|mins)$/.exec(process.env.MESOS_RECOVERY_TIMEOUT ?? '15mins');
const patienceMs = amount * { ms: 1, secs: 1000, mins: 60000 }[unit];
let lonely = null;
const unacknowledged = new Map();
const tasks = new Map();

const token = process.env.MESOS_EXECUTOR_AUTHENTICATION_TOKEN;
const headers = {
  'Content-Type': 'application/json',
  Accept: 'application/json',
  ...(token === undefined ? {} : { Authorization: 'Bearer ' + token }),
};

function post(body, answered) {
  const call = request(
    { host, port, path: '/api/v1/executor', method: 'POST', agent: false, headers },
    answered,
  );
  call.on('error', () => answered(null));
  call.end(JSON.stringify({ ...ids, ...body }));
}

function update(taskId, state) {
  const uuid = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
  const status = { task_id: taskId, state, source: 'SOURCE_EXECUTOR', uuid, timestamp: Date.now() / 1000 };
  unacknowledged.set(uuid, status);
  post({ type: 'UPDATE', update: { status } }, (answer) => answer?.resume());
}

function take(event) {
  console.log(event.type);
  switch (event.type) {
    case 'LAUNCH': {
      const { task } = event.launch;
      tasks.set(task.task_id.value, task);
      update(task.task_id, 'TASK_RUNNING');
      if (Buffer.from(task.data ?? '', 'base64').toString() === 'finish') update(task.task_id, 'TASK_FINISHED');
      break;
    }
    case 'ACKNOWLEDGED':
      unacknowledged.delete(event.acknowledged.uuid);
      tasks.delete(event.acknowledged.task_id.value);
      break;
    case 'KILL':
      update(event.kill.task_id, 'TASK_KILLED');
      break;
    case 'MESSAGE':
      post({ type: 'MESSAGE', message: { data: event.message.data } }, (answer) => answer?.resume());
      break;
    case 'SHUTDOWN':
      process.exit(0);
  }
}

function subscribe() {
  const retry = () => setTimeout(subscribe, 100);
  const subscription = {
    unacknowledged_tasks: [...tasks.values()],
    unacknowledged_updates: [...unacknowledged.values()].map((status) => ({ status })),
  };
  post({ type: 'SUBSCRIBE', subscribe: subscription }, (answer) => {
    if (answer === null) return retry();
    if (answer.statusCode !== 200) {
      answer.resume();
      return retry();
    }
    clearTimeout(lonely);
    lonely = null;
    let text = Buffer.alloc(0);
    answer.on('data', (chunk) => {
      text = Buffer.concat([text, chunk]);
      for (;;) {
        const line = text.indexOf(10);
        if (line < 0) return;
        const size = Number(text.subarray(0, line));
        if (text.length < line + 1 + size) return;
        const record = text.subarray(line + 1, line + 1 + size);
        text = text.subarray(line + 1 + size);
        take(JSON.parse(record));
      }
    });
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      if (!checkpoints) process.exit(0);
      lonely ??= setTimeout(() => process.exit(0), patienceMs);
      retry();
    };
    answer.on('end', over);
    answer.on('error', over);
    answer.on('close', over);
  });
}
subscribe();
`;
