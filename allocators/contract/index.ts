export { guarded } from './guarded-allocator.ts';
export { HIERARCHICAL_DRF_SUBJECT } from './hierarchical-drf-subject.ts';
export { PLAIN_SUBJECT } from './plain-subject.ts';
export { PolicyError, type PolicyFault } from './policy-error.ts';
export { parseResources } from './resources-text.ts';
export {
  type ScenarioResult,
  type Summary,
  type Verdict,
  resultLine,
  resultText,
  summarize,
  summaryLine,
} from './result.ts';
export { runScenarioFile } from './runner.ts';
export { hasScenarios } from './scenario.ts';
export type {
  ConformanceSubject,
  ConstraintsEvaluator,
  InspectableAllocator,
  ScenarioSorter,
} from './subject.ts';
