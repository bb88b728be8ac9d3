import { type AgentId, type Micros, micros, type MasterEpoch, Rng } from '../../../engine/core/index.ts';
import type { LinkId, MasterInput, MasterOutput, RequestId, StreamId } from '../../../engine/master/index.ts';
import { agentInfo, frameworkInfo, launch, statusOf, taskInfo } from '../../../engine/master/test-kit.ts';
import type { Offer } from '../../../engine/protocol/index.ts';
import { type RegistryOperation, RegistryState } from '../../../engine/registry/index.ts';

/** A master as the history drives it. */
export interface DrivenMaster {
  step(now: Micros, input: MasterInput): readonly MasterOutput[];
  nextDeadline(): Micros | null;
}

/**
 * A small cluster for tests of the journal: agents register, frameworks launch on what they are offered or decline it, tasks run and end, links
 * break. The same seed gives the same inputs to a master that decides the same. It pauses after each step.
 */
export function* playHistory(
  master: DrivenMaster,
  seed: number,
  steps: number,
  from: Micros,
): Generator<void, void> {
  const rng = Rng.forPurpose(seed, 'journal');
  const registry = new RegistryState();
  const written: RegistryOperation[] = [];
  const offers: { readonly stream: StreamId; readonly offer: Offer }[] = [];
  const running: {
    readonly link: LinkId;
    readonly agentId: AgentId;
    readonly taskId: number;
    readonly framework: number;
  }[] = [];
  let durable = 0;
  let number = 0;
  let tasks = 0;
  let updates = 0;
  let now = from;

  const deliver = (input: MasterInput) => {
    for (const output of [...master.step(now, input)]) {
      if (output.kind === 'persist') written.push(output.operation);
      if (output.kind === 'event' && output.event.type === 'OFFERS')
        for (const offer of output.event.offers) offers.push({ stream: output.stream, offer });
      if (output.kind === 'toAgent' && output.message.type === 'RUN_TASK') {
        const { frameworkId, task } = output.message;
        running.push({
          link: output.link,
          agentId: task.agentId,
          taskId: task.taskId,
          framework: frameworkId,
        });
      }
    }
    while (written.length > 0) {
      for (const operation of written.splice(0)) {
        registry.apply(operation);
        durable++;
      }
      deliver({ kind: 'registryDurable', upTo: durable });
    }
  };

  const call = (stream: StreamId, made: Extract<MasterInput, { kind: 'schedulerCalled' }>['call']) => {
    deliver({ kind: 'schedulerCalled', request: ++number as RequestId, principal: null, stream, call: made });
  };

  const answer = () => {
    const taken = offers.shift();
    if (taken === undefined) return;
    const { stream, offer } = taken;
    const { frameworkId } = offer;
    if (rng.below(3) === 0) {
      const filters = { refuseSeconds: rng.below(30) };
      call(stream, { type: 'DECLINE', frameworkId, offerIds: [offer.id], filters });
      return;
    }
    const operations = [launch(taskInfo(++tasks, offer.agentId))];
    call(stream, { type: 'ACCEPT', frameworkId, offerIds: [offer.id], operations, filters: null });
  };

  const endTask = () => {
    const task = running.shift();
    if (task === undefined) return;
    const state = rng.below(2) === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
    deliver({
      kind: 'agentMessage',
      link: task.link,
      message: {
        type: 'STATUS_UPDATE',
        agentId: task.agentId,
        frameworkId: task.framework as never,
        status: statusOf(task.taskId, task.agentId, state, ++updates),
        latestState: state,
      },
    });
  };

  deliver({ kind: 'elected', epoch: 1 as MasterEpoch, registry: registry.snapshot() });
  for (let step = 0; step < steps; step++) {
    now = micros(now + rng.below(400_000));
    for (let due = master.nextDeadline(); due !== null && due <= now; due = master.nextDeadline())
      deliver({ kind: 'tick' });
    switch (step < 3 ? step % 2 : rng.below(12)) {
      case 0:
        deliver({
          kind: 'agentMessage',
          link: ++number as LinkId,
          message: { type: 'REGISTER_AGENT', info: agentInfo(number) },
        });
        break;
      case 1: {
        const frameworkInfoOf = frameworkInfo({
          name: `f${step}`,
          roles: [rng.below(2) === 0 ? 'eng' : 'ops'],
        });
        call(++number as StreamId, {
          type: 'SUBSCRIBE',
          frameworkId: null,
          frameworkInfo: frameworkInfoOf,
          suppressedRoles: [],
          offerConstraints: null,
        });
        break;
      }
      case 2:
        deliver({ kind: 'linkClosed', link: (1 + rng.below(number)) as LinkId });
        break;
      case 3:
      case 4:
        endTask();
        break;
      default:
        answer();
    }
    yield;
  }
}
