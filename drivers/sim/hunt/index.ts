export { boundOf, type HuntCase, scenarioOf, wholeCase } from './hunt-case.ts';
export { MUTATIONS, type Mutation, type MutationEdit } from './mutations/index.ts';
export { type PlannedLine, plannedFaults } from './planned.ts';
export { PROPERTIES, type PropertyId } from './property.ts';
export { hunt, huntScenario, huntTwice, type HuntFailure, type HuntResult } from './run.ts';
export type { Scenario, ScenarioSize } from './scenario.ts';
export { steadyScenario } from './steady-scenario.ts';
export { type Shrunk, shrink } from './shrink.ts';
export { lineText, Timeline, type TimelineLine } from './timeline.ts';
