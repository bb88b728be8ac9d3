import { HierarchicalDrf } from '../../../../allocators/hierarchical-drf/index.ts';
import { expectThat, type Property } from '../property.ts';

/** L6, bounded growth: at rest nothing is kept of what is over, beyond what the options name. */
export function growth(): Property {
  return {
    id: 'L6',
    check({ leader }) {
      if (leader === null) return;
      const { allocator } = leader.state;
      if (!(allocator instanceof HierarchicalDrf)) return;
      const { filters } = allocator.scene().books;
      expectThat(
        filters.bucketCount <= 2 * filters.count + BUCKETS_SPARE,
        'L6',
        () => `${filters.bucketCount} instants are kept for the end of ${filters.count} filters`,
      );
    },
    settled(scene) {
      const { leader, scenario } = scene;
      if (leader === null) return;
      const { state } = leader;
      expectThat(
        state.registering.size === 0 && state.readmitting.size === 0,
        'L6',
        () =>
          `at rest ${state.registering.size} registrations and ${state.readmitting.size} re-admissions are marked as under way`,
      );
      const { authorizations } = state;
      expectThat(
        authorizations === null || authorizations.queues.size + authorizations.asked.size === 0,
        'L6',
        () =>
          `at rest ${authorizations!.queues.size} frameworks have calls that wait for the authorizer, and ${authorizations!.asked.size} questions are open`,
      );
      for (const framework of state.frameworks) {
        const number = scene.numberOf(framework.id);
        const isThere =
          number >= 0 && !scene.framework(number).hasLeft && scene.framework(number).id === framework.id;
        expectThat(
          !isThere || framework.tasks.size === 0,
          'L6',
          () =>
            `at rest the master keeps ${framework.tasks.size} tasks of framework ${framework.id}, which has none; the first is ${[...framework.tasks.keys()][0]}`,
        );
        expectThat(
          framework.unreachableTasks.size <= scenario.master.maxUnreachableTasksPerFramework,
          'L6',
          () => `framework ${framework.id} has ${framework.unreachableTasks.size} unreachable tasks`,
        );
      }
      expectThat(
        state.completedFrameworks.size <= scenario.master.maxCompletedFrameworks,
        'L6',
        () => `${state.completedFrameworks.size} completed frameworks are kept`,
      );
      const timersMax = 4 * (scenario.machines.length + scenario.frameworks.length) + TIMERS_STALE;
      expectThat(
        state.timers.size <= timersMax,
        'L6',
        () => `${state.timers.size} timers are set at rest, for ${scenario.machines.length} agents`,
      );
      for (let machine = 0; machine < scenario.machines.length; machine++) {
        const agent = scene.agent(machine);
        if (agent === null || !agent.isRegistered) continue;
        for (const { frameworkId, task } of agent.report().tasks) {
          const number = scene.numberOf(frameworkId);
          const isThere =
            number >= 0 && !scene.framework(number).hasLeft && scene.framework(number).id === frameworkId;
          expectThat(
            !isThere,
            'L6',
            () =>
              `at rest the agent on machine ${machine} keeps task ${task.taskId} of framework ${frameworkId}, which has none`,
          );
        }
      }
    },
  };
}

/** Instants at which nothing ends any more are dropped when there are so many, and they are half of all. */
const BUCKETS_SPARE = 66;
/** Timers are not taken back: those of the last outages may still be there. */
const TIMERS_STALE = 2_000;
