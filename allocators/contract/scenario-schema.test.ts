import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALLOCATOR_STEPS } from './allocator-steps.ts';
import { HIERARCHICAL_DRF_SUBJECT, runScenarioFile } from './index.ts';
import { UnknownOp, readStep } from './scenario.ts';
import { MalformedInput } from './decode.ts';

/** As much of JSON Schema as the file uses. */
interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
}

const SCHEMA = JSON.parse(readFileSync(new URL('./scenario.schema.json', import.meta.url), 'utf8')) as {
  readonly $defs: Readonly<Record<string, Schema>>;
};

/** What texts of a notation may be; a text of another kind is anything. */
const TEXTS: Readonly<Record<string, string>> = {
  resources: 'cpus:1;mem:64',
  quantities: 'cpus:1',
  role: 'role1',
  attributes: 'rack:r1',
  subtract: '1',
};

/** A value that the schema allows. */
function example(schema: Schema, name: string): unknown {
  if (schema.$ref !== undefined) {
    const def = schema.$ref.replace('#/$defs/', '');
    if (def === 'allocatorStep') return { op: 'allocate' };
    return TEXTS[def] ?? example(SCHEMA.$defs[def]!, def);
  }
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.oneOf !== undefined) return example(schema.oneOf.at(-1)!, name);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return TEXTS[name] ?? 'x';
    case 'integer':
    case 'number':
      return 3;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.max(2, schema.minItems ?? 0) }, () => example(schema.items!, name));
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, field]) => [key, example(field, key)]),
      );
    default:
      throw new Error(`${name}: the schema says ${JSON.stringify(schema)}`);
  }
}

/** Null, or why the step is refused: where and what would be accepted. */
function refusal(step: Readonly<Record<string, unknown>>): string | null {
  const { op, ...fields } = step;
  try {
    readStep(ALLOCATOR_STEPS, { op: op as string, fields, path: 'steps[0]' });
    return null;
  } catch (error) {
    if (error instanceof MalformedInput) return `${error.path}: ${error.message}`;
    if (error instanceof UnknownOp) return error.message;
    throw error;
  }
}

const STEPS = SCHEMA.$defs['allocatorStep']!.oneOf!.map((schema) => {
  const op = schema.properties!['op']!.const as string;
  return [op, schema] as const;
});

const FIELDS = [...new Set(STEPS.flatMap(([, schema]) => Object.keys(schema.properties!)))];

describe('every step of the schema is read', () => {
  test.each(STEPS)('%s, and refused where the schema refuses it', (_, schema) => {
    const whole = example(schema, 'step') as Readonly<Record<string, unknown>>;
    expect(refusal(whole)).toBeNull();
    const required = schema.required ?? [];
    for (const field of Object.keys(whole)) {
      if (field === 'op') continue;
      const { [field]: left, ...rest } = whole;
      expect(left).toBeDefined();
      // Constraints are for the call to refuse, not for the reader.
      if (field === 'offerConstraints') continue;
      if (required.includes(field)) expect(refusal(rest), field).toContain(field);
      else expect(refusal(rest), field).toBeNull();
      for (const wrong of [{ no: 'such' }, [[{}]], -1.5, 'a:b:c(', true, null]) {
        if (isAllowed(schema.properties![field]!, wrong)) continue;
        expect(refusal({ ...whole, [field]: wrong }), `${field} ${JSON.stringify(wrong)}`).toContain(
          `steps[0].${field}`,
        );
      }
    }
    expect(refusal({ ...whole, surplus: 1 })).toContain('unknown field "surplus"');
  });
});

/** Whether a value has a type that the schema allows; texts of a notation are never. */
function isAllowed(schema: Schema, value: unknown): boolean {
  if (schema.$ref !== undefined) {
    const def = schema.$ref.replace('#/$defs/', '');
    if (def === 'role') return typeof value === 'string';
    if (def in TEXTS) return false;
    return isAllowed(SCHEMA.$defs[def]!, value);
  }
  if ('const' in schema) return schema.const === value;
  if (schema.enum !== undefined) return schema.enum.includes(value);
  if (schema.oneOf !== undefined) return schema.oneOf.some((one) => isAllowed(one, value));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.some((type) => {
    switch (type) {
      case 'string':
        return typeof value === 'string';
      case 'integer':
      case 'number':
        return (
          typeof value === 'number' &&
          (type === 'number' || Number.isInteger(value)) &&
          value >= (schema.minimum ?? -Infinity) &&
          value > (schema.exclusiveMinimum ?? -Infinity)
        );
      case 'boolean':
        return typeof value === 'boolean';
      case 'null':
        return value === null;
      case 'array':
        return (
          Array.isArray(value) &&
          value.length >= (schema.minItems ?? 0) &&
          value.every((entry) => isAllowed(schema.items!, entry))
        );
      case 'object': {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
        const { additionalProperties: other, properties = {} } = schema;
        if (!(schema.required ?? []).every((key) => key in value)) return false;
        return Object.entries(value).every(([key, field]) => {
          const known = properties[key] ?? (typeof other === 'object' ? other : null);
          return known === null ? other !== false : isAllowed(known, field);
        });
      }
      default:
        return false;
    }
  });
}

test('whatever a file holds, the runner answers with results and never breaks', () => {
  const op = fc.constantFrom(...STEPS.map(([name]) => name), 'nonsense');
  const step = fc
    .tuple(op, fc.dictionary(fc.constantFrom(...FIELDS), fc.anything()))
    .map(([name, fields]) => ({
      ...fields,
      op: name,
    }));
  const kind = fc.constantFrom('allocator', 'sorter', 'resources', 'offer-constraints', 'roles', 'other');
  fc.assert(
    fc.property(kind, fc.array(step, { maxLength: 4 }), fc.anything(), (kindName, steps, options) => {
      const scenario = { name: 'x', kind: kindName, origin: 'docs', source: 's', about: 'a', options, steps };
      const file = { area: 'area', title: 'title', scenarios: [scenario] };
      const [result, ...others] = runScenarioFile(file, 'f.json', HIERARCHICAL_DRF_SUBJECT, [1]);
      expect(others).toEqual([]);
      expect(['pass', 'fail', 'error', 'unsupported']).toContain(result!.result);
      if (result!.result !== 'pass') expect(result!.message).not.toBe('');
    }),
  );
});
