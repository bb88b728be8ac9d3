import { ALLOCATOR_KIND } from './allocator-scenario.ts';
import { CONSTRAINTS_KIND } from './constraints-scenario.ts';
import { MalformedInput } from './decode.ts';
import { ExpectationFailed, Unsupported } from './failure.ts';
import type { Kind } from './kind.ts';
import { RESOURCES_KIND } from './resources-scenario.ts';
import type { ScenarioResult } from './result.ts';
import { ROLES_KIND } from './roles-scenario.ts';
import {
  type RawStep,
  type Scenario,
  type ScenarioKind,
  SCENARIO_KINDS,
  scenario as scenarioDecoder,
  scenarioFile,
  scenarioName,
  UnknownOp,
} from './scenario.ts';
import { SORTER_KIND } from './sorter-scenario.ts';
import type { ConformanceSubject } from './subject.ts';

const KINDS: Readonly<Record<ScenarioKind, Kind>> = {
  allocator: ALLOCATOR_KIND,
  sorter: SORTER_KIND,
  resources: RESOURCES_KIND,
  'offer-constraints': CONSTRAINTS_KIND,
  roles: ROLES_KIND,
};

const PASSED = { result: 'pass', step: null, op: null, message: null, expected: null, actual: null } as const;

type Outcome = Omit<ScenarioResult, 'scenario'>;

/**
 * Runs every scenario of a file (conformance README §12), each with a fresh subject and, where agents are visited, once per seed; the
 * first run that does not pass is what is reported. A file that is malformed as a whole gives one `error` result under its name.
 *
 * @param json      the parsed file
 * @param fileName  for messages
 */
export function runScenarioFile(
  json: unknown,
  fileName: string,
  subject: ConformanceSubject,
  seeds: readonly number[],
): readonly ScenarioResult[] {
  try {
    const { area, scenarios } = scenarioFile(json, 'the file');
    return scenarios.map((value, index) => {
      const name = scenarioName(value, index);
      return {
        scenario: `${area}/${name}`,
        ...outcomeOf(value, `${fileName}, scenario ${name}`, subject, seeds),
      };
    });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return [{ scenario: fileName, ...malformed(fileName, error) }];
  }
}

function outcomeOf(
  value: unknown,
  where: string,
  subject: ConformanceSubject,
  seeds: readonly number[],
): Outcome {
  let scenario: Scenario;
  try {
    scenario = scenarioDecoder(value, 'the scenario');
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return malformed(where, error);
  }
  const name = SCENARIO_KINDS.find((known) => known === scenario.kind);
  if (name === undefined) {
    const message = `${where}: unknown kind "${scenario.kind}"; known are ${SCENARIO_KINDS.join(', ')}`;
    return { ...PASSED, result: 'unsupported', message };
  }
  const kind = KINDS[name];
  const problem = firstUnreadable(kind, scenario.steps, where);
  if (problem !== null) return problem;
  for (const seed of kind.isSeeded ? seeds : seeds.slice(0, 1)) {
    const outcome = runOnce(kind, scenario, where, { options: scenario.options, subject, seed });
    if (outcome.result !== 'pass') {
      return kind.isSeeded ? { ...outcome, message: `${outcome.message} (seed ${seed})` } : outcome;
    }
  }
  return PASSED;
}

/** Reads all steps before the first is performed, so that a malformed scenario does nothing. */
function firstUnreadable(kind: Kind, steps: readonly RawStep[], where: string): Outcome | null {
  for (const [step, raw] of steps.entries()) {
    try {
      kind.check(raw);
    } catch (error) {
      if (error instanceof MalformedInput)
        return { ...malformed(`${where}, step ${step}`, error), step, op: raw.op };
      if (!(error instanceof UnknownOp)) throw error;
      const message = `${where}, step ${step}: ${error.message}`;
      return { ...PASSED, result: 'unsupported', step, op: raw.op, message };
    }
  }
  return null;
}

function runOnce(
  kind: Kind,
  scenario: Scenario,
  where: string,
  setting: Parameters<Kind['begin']>[0],
): Outcome {
  let step: number | null = null;
  try {
    const performance = kind.begin(setting);
    for (step = 0; step < scenario.steps.length; step++) performance.perform(scenario.steps[step]!);
    performance.finish();
    return PASSED;
  } catch (error) {
    const op = step === null ? null : (scenario.steps[step]?.op ?? null);
    if (error instanceof ExpectationFailed) {
      return {
        result: 'fail',
        step,
        op,
        message: error.message,
        expected: error.expected,
        actual: error.actual,
      };
    }
    if (error instanceof MalformedInput) return { ...malformed(where, error), step, op };
    const result = error instanceof Unsupported ? 'unsupported' : 'error';
    const at = step === null ? where : `${where}, step ${step}`;
    return {
      ...PASSED,
      result,
      step,
      op,
      message: `${at}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function malformed(where: string, error: MalformedInput): Outcome {
  return { ...PASSED, result: 'error', message: `${where}: ${error.path}: ${error.message}` };
}
