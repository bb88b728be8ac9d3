import { type FrameworkId, mention } from '../core/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { disconnectFramework, removeFramework, startFailoverTimer } from './frameworks.ts';
import { answer, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import { frameworkUpdated } from './published.ts';
import { type MasterState, TIMER_FAILOVER } from './state.ts';

/** TEARDOWN by an operator (spec 05 §A). The scheduler is told not to come back: that would undo it. */
export function operatorTeardown(master: MasterState, from: OperatorRequest, id: FrameworkId): void {
  const framework = master.frameworksById.get(id);
  if (framework === undefined) {
    refuseInvalid(master, from, `Framework ${mention.framework(id)} is not known: nothing is torn down`);
    return;
  }
  if (master.options.frameworkUndoWindow !== null)
    master.send(framework, { type: 'ERROR', message: 'Framework has been torn down by an operator' });
  tearDown(master, framework);
  answer(master, from);
}

/**
 * TEARDOWN, by the scheduler or an operator. With the option `frameworkUndoWindow` the framework is only condemned: its stream ends and its
 * tasks go on, until the window is over, the scheduler subscribes again, or an operator takes it back.
 */
export function tearDown(master: MasterState, framework: FrameworkRecord): void {
  const { frameworkUndoWindow } = master.options;
  if (frameworkUndoWindow === null) {
    removeFramework(master, framework);
    return;
  }
  const { stream } = framework;
  if (stream !== null) {
    master.out.push({ kind: 'closeStream', stream });
    disconnectFramework(master, stream);
  }
  condemn(master, framework);
}

/** The failover timeout of a framework has passed, or its undo window. */
export function failoverTimedOut(master: MasterState, framework: FrameworkRecord): void {
  if (master.options.frameworkUndoWindow === null || framework.condemned) removeFramework(master, framework);
  else condemn(master, framework);
}

/** UNDO_TEARDOWN, of Orrery: the framework has its failover timeout again to subscribe. */
export function undoTeardown(master: MasterState, from: OperatorRequest, id: FrameworkId): void {
  const framework = master.frameworksById.get(id);
  if (framework === undefined) {
    refuseInvalid(
      master,
      from,
      `Framework ${mention.framework(id)} is not known: it never was, or it is removed for good`,
    );
  } else if (!framework.condemned) {
    refuseInvalid(master, from, `Framework ${mention.framework(id)} is not about to be removed`);
  } else {
    framework.condemned = false;
    startFailoverTimer(master, framework);
    frameworkUpdated(master, framework);
    answer(master, from);
  }
}

function condemn(master: MasterState, framework: FrameworkRecord): void {
  if (framework.condemned) return;
  framework.condemned = true;
  framework.failoverDeadline = master.after(master.options.frameworkUndoWindow!);
  master.timers.set(framework.failoverDeadline, TIMER_FAILOVER, framework.row);
  frameworkUpdated(master, framework);
}
