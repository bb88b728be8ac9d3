/**
 * A custom executor that is npm's `mesos-framework`, for tests. A task's name says what it does: `finish` ends at once, anything else runs until
 * it is killed. Messages go back as they came.
 */
const { randomUUID } = require('node:crypto');
const { Executor, Mesos, helpers } = require('mesos-framework');

const { TaskStatus } = Mesos.getMesos();
const isKnown = new Set();
const bytes = (hex) => Buffer.from(hex, 'hex').toString('base64');

function update(taskId, state) {
  // Every field that is not set is null in it.
  const status = helpers.stringifyEnumsRecursive(
    new TaskStatus({ task_id: taskId, state, source: 'SOURCE_EXECUTOR', timestamp: Date.now() / 1000 }),
  );
  executor.update(Object.assign(status, { uuid: bytes(randomUUID().replaceAll('-', '')) }));
}

const executor = new Executor({
  handlers: {
    SUBSCRIBED({ executor_info, framework_info }) {
      process.stderr.write(`subscribed ${executor_info.executor_id.value} of ${framework_info.name}\n`);
    },
    LAUNCH({ task }) {
      isKnown.add(task.task_id.value);
      update(task.task_id, 'TASK_RUNNING');
      if (task.name === 'finish') update(task.task_id, 'TASK_FINISHED');
    },
    KILL({ task_id }) {
      if (isKnown.delete(task_id.value)) update(task_id, 'TASK_KILLED');
    },
    ACKNOWLEDGED({ task_id }) {
      process.stderr.write(`acknowledged ${task_id.value}\n`);
    },
    MESSAGE({ data }) {
      executor.message(Buffer.from(data, 'base64').toString());
    },
    // The event has no content, but a handler of another number of parameters is not taken.
    SHUTDOWN(_nothing) {
      process.stderr.write('shut down\n');
      process.exit(0);
    },
    ERROR({ message }) {
      process.stderr.write(`error ${message}\n`);
    },
  },
});
executor.on('error', (error) => {
  process.stderr.write(`error ${JSON.stringify(error)}\n`);
});
executor.subscribe();
