import {
  type Decoded,
  type Decoder,
  isObject,
  list,
  MalformedInput,
  name,
  optional,
  text,
  word,
} from './decode.ts';

/** The step vocabularies (conformance README §1). */
export const SCENARIO_KINDS = ['allocator', 'sorter', 'resources', 'offer-constraints', 'roles'] as const;
export type ScenarioKind = (typeof SCENARIO_KINDS)[number];

/** One scenario as it stands in its file; its steps are decoded by the kind that runs them. */
export interface Scenario {
  readonly name: string;
  /** May be a kind nobody knows: such a scenario is reported as unsupported, not as malformed. */
  readonly kind: string;
  readonly options: unknown;
  readonly steps: readonly RawStep[];
}

/** A step whose fields are still unread. */
export interface RawStep {
  readonly op: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where it stands in its scenario: `steps[4]`. */
  readonly path: string;
}

/** The head of a file. Its scenarios are decoded one by one, so that a malformed one spoils no other. */
export interface ScenarioFile {
  readonly area: string;
  readonly scenarios: readonly unknown[];
}

const FILE_FIELDS = ['$schema', 'area', 'title', 'scenarios'];
const SCENARIO_FIELDS = ['name', 'kind', 'origin', 'source', 'about', 'confidence', 'options', 'steps'];

function refuseUnknownFields(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new MalformedInput(path, `unknown field "${key}"; known are ${known.join(', ')}`);
    }
  }
}

/** Whether a JSON value looks like a scenario file at all, so that a folder may hold other JSON too. */
export function hasScenarios(value: unknown): boolean {
  const scenarios = isObject(value) ? value['scenarios'] : undefined;
  return Array.isArray(scenarios) && scenarios.length > 0;
}

export const scenarioFile: Decoder<ScenarioFile> = (value, path) => {
  if (!isObject(value)) throw new MalformedInput(path, 'expected an object with area, title and scenarios');
  refuseUnknownFields(value, FILE_FIELDS, path);
  name(value['title'], 'title');
  return {
    area: name(value['area'], 'area'),
    scenarios: list((entry) => entry, 1)(value['scenarios'], 'scenarios'),
  };
};

/** Name of a scenario that may be malformed otherwise, for its report; its index where even that is missing. */
export function scenarioName(value: unknown, index: number): string {
  const found = isObject(value) ? value['name'] : undefined;
  return typeof found === 'string' && found !== '' ? found : `scenarios[${index}]`;
}

export const scenario: Decoder<Scenario> = (value, path) => {
  if (!isObject(value)) throw new MalformedInput(path, 'expected a scenario object');
  refuseUnknownFields(value, SCENARIO_FIELDS, path);
  const slug = name(value['name'], 'name');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(slug)) {
    throw new MalformedInput('name', 'expected lower-case letters, digits and dashes');
  }
  word(['test', 'docs', 'paper', 'implementation'])(value['origin'], 'origin');
  name(value['source'], 'source');
  name(value['about'], 'about');
  optional(word(['high', 'medium']))(value['confidence'], 'confidence');
  return {
    name: slug,
    kind: name(value['kind'], 'kind'),
    options: value['options'] ?? {},
    steps: list(rawStep, 1)(value['steps'], 'steps'),
  };
};

/** Reads the tag of a step. */
export const rawStep: Decoder<RawStep> = (value, path) => {
  if (!isObject(value)) throw new MalformedInput(path, 'expected a step object with an "op"');
  const { op, ...fields } = value;
  return { op: text(op, `${path}.op`), fields, path };
};

/** Decoders of the fields of every step of a kind, by its `op`. */
export type Vocabulary = Readonly<Record<string, Decoder<unknown>>>;

/** The union of the decoded steps of a vocabulary, tagged by `op`. */
export type StepOf<V extends Vocabulary> = {
  readonly [Op in keyof V]: { readonly op: Op; readonly path: string; readonly fields: Decoded<V[Op]> };
}[keyof V];

/** A step whose `op` the vocabulary lacks. */
export class UnknownOp extends Error {
  override readonly name = 'UnknownOp';
}

/** Reads a step's fields by its vocabulary. Throws `UnknownOp` or `MalformedInput`. */
export function readStep<V extends Vocabulary>(vocabulary: V, step: RawStep): StepOf<V> {
  const decoder = Object.hasOwn(vocabulary, step.op) ? vocabulary[step.op] : undefined;
  if (decoder === undefined) {
    throw new UnknownOp(`unknown op "${step.op}"; known are ${Object.keys(vocabulary).join(', ')}`);
  }
  return { op: step.op, path: step.path, fields: decoder(step.fields, step.path) } as StepOf<V>;
}
