import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ResourceError,
  type ResourceFormat,
  type ResourceJson,
  Resources,
  resourceErrorText,
  resourceFromJson,
  resourcesFromJson,
  resourcesSummary,
  resourcesToJson,
} from './index.ts';

const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 2 } };
const PORTS = { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 1, end: 5 }] } };
const NAMES = { name: 'names', type: 'SET', set: { item: ['a', 'b'] } };
const DISK = { name: 'disk', type: 'SCALAR', scalar: { value: 9 } };
const VOLUME = { persistence: { id: '1' }, volume: { container_path: 'data', mode: 'RW' } };
const DYNAMIC = {
  type: 'DYNAMIC',
  role: 'a',
  principal: 'ops',
  labels: { labels: [{ key: 'k', value: 'v' }, { key: 'l' }] },
};

function read(...json: readonly unknown[]): Resources {
  const parsed = resourcesFromJson(json);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

function refusal(json: unknown): ResourceError | null {
  const parsed = resourceFromJson(json);
  return parsed.ok ? null : parsed.error;
}

function written(format: ResourceFormat, ...json: readonly unknown[]): readonly ResourceJson[] {
  return resourcesToJson(read(...json), format);
}

describe('reading', () => {
  test('every value type is read, unknown fields are ignored', () => {
    expect(String(read({ ...CPUS, future: 1 }, PORTS, NAMES))).toBe('cpus:2;names:{a, b};ports:[1-5]');
  });

  test('numbers may come as strings', () => {
    expect(String(read({ ...CPUS, scalar: { value: '2.5' } }))).toBe('cpus:2.5');
    expect(String(read({ ...PORTS, ranges: { range: [{ begin: '1', end: '3' }] } }))).toBe('ports:[1-3]');
  });

  test('an amount of zero is valid and stands for nothing', () => {
    expect(read({ ...CPUS, scalar: { value: 0 } }, { ...PORTS, ranges: {} }, { ...NAMES, set: {} })).toBe(
      Resources.EMPTY,
    );
  });

  test('adjacent ranges are one, overlapping ones are refused', () => {
    const ranges = (...pairs: readonly (readonly [number, number])[]) => ({
      ...PORTS,
      ranges: { range: pairs.map(([begin, end]) => ({ begin, end })) },
    });
    expect(String(read(ranges([5, 6], [1, 4])))).toBe('ports:[1-6]');
    expect(refusal(ranges([1, 4], [4, 6]))).toEqual({ code: 'RANGES_OVERLAP', name: 'ports' });
    expect(refusal(ranges([4, 1]))).toEqual({ code: 'RANGE_INVALID', name: 'ports', range: '[4-1]' });
    expect(refusal(ranges([-1, 1]))?.code).toBe('RANGE_INVALID');
    expect(refusal(ranges([0, 2 ** 53]))?.code).toBe('RANGE_INVALID');
    expect(refusal(ranges([0.5, 1]))?.code).toBe('RANGE_INVALID');
  });

  test('every rule of validity refuses with its own code', () => {
    const refused: readonly (readonly [unknown, ResourceError['code']])[] = [
      [null, 'JSON_MALFORMED'],
      [[], 'JSON_MALFORMED'],
      ['cpus:1', 'JSON_MALFORMED'],
      [{ type: 'SCALAR', scalar: { value: 1 } }, 'JSON_MALFORMED'],
      [{ ...CPUS, name: '' }, 'NAME_EMPTY'],
      [{ ...CPUS, name: 7 }, 'JSON_MALFORMED'],
      [{ name: 'cpus', scalar: { value: 1 } }, 'JSON_MALFORMED'],
      [{ ...CPUS, type: 'TEXT' }, 'TYPE_INVALID'],
      [{ ...CPUS, type: 'FLOAT' }, 'TYPE_INVALID'],
      [{ name: 'cpus', type: 'SCALAR' }, 'VALUE_MISMATCH'],
      [{ ...CPUS, ranges: {} }, 'VALUE_MISMATCH'],
      [{ ...CPUS, type: 'SET' }, 'VALUE_MISMATCH'],
      [{ ...CPUS, scalar: {} }, 'JSON_MALFORMED'],
      [{ ...CPUS, scalar: { value: true } }, 'JSON_MALFORMED'],
      [{ ...CPUS, scalar: { value: '' } }, 'JSON_MALFORMED'],
      [{ ...CPUS, scalar: { value: -1 } }, 'SCALAR_INVALID'],
      [{ ...CPUS, scalar: { value: 'Infinity' } }, 'SCALAR_INVALID'],
      [{ ...CPUS, scalar: { value: 0.0004 } }, 'SCALAR_TOO_SMALL'],
      [{ ...CPUS, scalar: { value: 2 ** 41 } }, 'SCALAR_TOO_LARGE'],
      [{ ...NAMES, set: { item: ['a', 'a'] } }, 'SET_REPEATS'],
      [{ ...NAMES, set: { item: [1] } }, 'JSON_MALFORMED'],
      [{ ...NAMES, set: { item: 'a' } }, 'JSON_MALFORMED'],
      [{ ...CPUS, role: 'a//b' }, 'ROLE_INVALID'],
      [{ ...CPUS, shared: {} }, 'SHARED_NOT_PERSISTENT'],
      [{ ...DISK, disk: { source: { type: 'PATH' } }, shared: {} }, 'SHARED_NOT_PERSISTENT'],
      [{ ...CPUS, revocable: true }, 'JSON_MALFORMED'],
      [{ ...CPUS, provider_id: {} }, 'JSON_MALFORMED'],
    ];
    for (const [json, code] of refused) expect(refusal(json)?.code, JSON.stringify(json)).toBe(code);
  });

  test('a malformed field is named by its path', () => {
    const json = [CPUS, { ...DISK, disk: { source: { type: 'PATH', path: { root: 7 } } } }];
    const parsed = resourcesFromJson(json);
    expect(parsed.ok ? '' : resourceErrorText(parsed.error)).toBe(
      "Cannot read 'resources[1].disk.source.path.root': expected a string",
    );
  });

  test('each wrong reservation is refused with its reason', () => {
    const stack = (...reservations: readonly unknown[]) => ({ ...CPUS, reservations });
    const refused: readonly (readonly [unknown, string])[] = [
      [stack({ role: 'a' }), 'TYPE_MISSING'],
      [stack({ type: 'UNKNOWN', role: 'a' }), 'TYPE_MISSING'],
      [stack({ type: 'STATIC' }), 'ROLE_MISSING'],
      [stack({ type: 'STATIC', role: '*' }), 'ROLE_DEFAULT'],
      [stack({ type: 'STATIC', role: 'a' }, { type: 'STATIC', role: 'a/b' }), 'STATIC_NOT_FIRST'],
      [stack({ type: 'STATIC', role: 'a' }, { type: 'DYNAMIC', role: 'a' }), 'NOT_A_SUBROLE'],
      [stack({ type: 'STATIC', role: 'a' }, { type: 'DYNAMIC', role: 'ab' }), 'NOT_A_SUBROLE'],
      [{ ...stack({ type: 'STATIC', role: 'a' }), role: 'b' }, 'LEGACY_FIELDS_CONFLICT'],
      [{ ...stack({ type: 'STATIC', role: 'a' }), role: '*' }, 'LEGACY_FIELDS_CONFLICT'],
      [{ ...stack({ type: 'STATIC', role: 'a' }), role: 'a', reservation: {} }, 'LEGACY_FIELDS_CONFLICT'],
      [{ ...stack(DYNAMIC), role: 'a' }, 'LEGACY_FIELDS_CONFLICT'],
      [{ ...stack(DYNAMIC), role: 'a', reservation: { principal: 'other' } }, 'LEGACY_FIELDS_CONFLICT'],
      [
        { ...stack({ type: 'STATIC', role: 'a' }, { type: 'DYNAMIC', role: 'a/b' }), role: 'a' },
        'LEGACY_FIELDS_CONFLICT',
      ],
      [{ ...CPUS, role: 'a', reservation: { role: 'a' } }, 'LEGACY_TYPE_OR_ROLE'],
      [{ ...CPUS, role: 'a', reservation: { type: 'DYNAMIC' } }, 'LEGACY_TYPE_OR_ROLE'],
      [{ ...CPUS, reservation: {} }, 'LEGACY_UNRESERVED'],
      [{ ...stack(DYNAMIC), reservation: {} }, 'LEGACY_UNRESERVED'],
    ];
    for (const [json, reason] of refused) {
      expect(refusal(json), JSON.stringify(json)).toEqual({
        code: 'RESERVATION_INVALID',
        name: 'cpus',
        reason,
      });
    }
  });

  test('each wrong disk is refused with its reason', () => {
    const disk = (info: unknown) => ({ ...DISK, disk: info });
    const refused: readonly (readonly [unknown, string])[] = [
      [{ ...CPUS, disk: VOLUME }, 'NOT_A_DISK'],
      [disk({}), 'EMPTY'],
      [disk({ volume: VOLUME.volume }), 'VOLUME_NOT_PERSISTENT'],
      [disk({ source: { type: 'PATH' }, volume: VOLUME.volume }), 'VOLUME_NOT_PERSISTENT'],
      [disk({ ...VOLUME, volume: { ...VOLUME.volume, host_path: '/x' } }), 'HOST_PATH'],
      [disk({ ...VOLUME, volume: { ...VOLUME.volume, source: {} } }), 'VOLUME_SOURCE'],
      [disk({ source: { type: 'UNKNOWN' } }), 'SOURCE_TYPE'],
      [disk({ source: { type: 'BLOCK', mount: {} } }), 'SOURCE_ROOT'],
      [disk({ source: { type: 'RAW', path: {} } }), 'SOURCE_ROOT'],
      [disk({ source: { type: 'MOUNT', path: {} } }), 'SOURCE_ROOT'],
    ];
    for (const [json, reason] of refused) {
      const error = refusal(json);
      expect(error?.code === 'DISK_INVALID' && error.reason, JSON.stringify(json)).toBe(reason);
    }
  });

  test('both formats are upgraded to the stack, and mixing them is refused', () => {
    const pre = { ...CPUS, role: 'a', reservation: { principal: 'ops', labels: DYNAMIC.labels } };
    const post = { ...CPUS, reservations: [DYNAMIC] };
    expect(read(pre).equals(read(post))).toBe(true);
    expect(resourcesFromJson([pre, post])).toEqual({ ok: false, error: { code: 'FORMATS_MIXED' } });
    expect(read(pre, CPUS, { ...CPUS, role: '*' }).cpus).toBe(6000);
    expect(read(post, CPUS).cpus).toBe(4000);
  });

  test('no JSON makes the reader throw, and what it accepts can be written', () => {
    const keys = fc.constantFrom(
      'name',
      'type',
      'scalar',
      'value',
      'ranges',
      'range',
      'begin',
      'end',
      'set',
      'item',
      'role',
      'disk',
      'reservations',
      'reservation',
      '__proto__',
    );
    const values = fc.constantFrom<unknown>(
      'cpus',
      'disk',
      'SCALAR',
      'RANGES',
      'SET',
      'a',
      1,
      0,
      -1,
      null,
      true,
      {},
      [],
      { value: 1 },
      { range: [] },
    );
    const json = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(keys, fc.oneof(values, fc.dictionary(keys, values), fc.array(values, { maxLength: 2 }))),
      fc.dictionary(keys, values).map((extra) => ({ ...CPUS, ...extra })),
    );
    fc.assert(
      fc.property(json, (value) => {
        const parsed = resourceFromJson(value);
        if (parsed.ok)
          expect(read(...resourcesToJson(Resources.of([parsed.value]), 'post'))).toBeInstanceOf(Resources);
        else expect(resourceErrorText(parsed.error)).not.toBe('');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('writing', () => {
  test('each format writes each state of reservation as spec 02 §6 tables it', () => {
    const dynamic = { ...CPUS, reservations: [DYNAMIC] };
    const owner = { principal: DYNAMIC.principal, labels: DYNAMIC.labels };
    const fixed = { type: 'STATIC', role: 'a' };
    expect(written('pre', CPUS)).toEqual([{ ...CPUS, role: '*' }]);
    expect(written('post', CPUS)).toEqual([CPUS]);
    expect(written('endpoint', CPUS)).toEqual([{ ...CPUS, role: '*' }]);
    expect(written('pre', { ...CPUS, reservations: [fixed] })).toEqual([{ ...CPUS, role: 'a' }]);
    expect(written('post', { ...CPUS, role: 'a' })).toEqual([{ ...CPUS, reservations: [fixed] }]);
    expect(written('endpoint', { ...CPUS, role: 'a' })).toEqual([
      { ...CPUS, role: 'a', reservations: [fixed] },
    ]);
    expect(written('pre', dynamic)).toEqual([{ ...CPUS, role: 'a', reservation: owner }]);
    expect(written('post', dynamic)).toEqual([dynamic]);
    expect(written('endpoint', dynamic)).toEqual([{ ...dynamic, role: 'a', reservation: owner }]);
  });

  test('a refined reservation is a stack only, and has no pre-refinement form', () => {
    const refined = {
      ...CPUS,
      reservations: [
        { type: 'STATIC', role: 'a' },
        { type: 'DYNAMIC', role: 'a/b' },
      ],
    };
    expect(written('post', refined)).toEqual([refined]);
    expect(written('endpoint', refined)).toEqual([refined]);
    expect(() => written('pre', refined)).toThrow('refined');
  });

  test('copies of a shared volume are written one by one', () => {
    const shared = { ...DISK, role: 'a', disk: VOLUME, shared: {} };
    expect(written('pre', shared, shared)).toEqual([shared, shared]);
  });

  const labels = fc.option(
    fc
      .array(fc.record({ key: fc.constantFrom('k', 'l'), value: fc.constantFrom('', 'v') }), { maxLength: 2 })
      .map((list) => ({ labels: list })),
    { nil: undefined },
  );
  const principal = fc.constantFrom(undefined, '', 'ops');
  const owner = fc.record({ principal, labels });
  const dynamic = (role: string) => owner.map((who) => ({ type: 'DYNAMIC', role, ...who }));
  const stack = fc.oneof(
    fc.constant([]),
    fc.constant([{ type: 'STATIC', role: 'a' }]),
    dynamic('a').map((entry) => [entry]),
    fc.tuple(dynamic('a'), dynamic('a/b'), dynamic('a/b/c')),
  );
  const source = fc.oneof(
    fc.constantFrom(
      { type: 'PATH' },
      { type: 'PATH', path: { root: 'p' } },
      { type: 'MOUNT', mount: { root: 'm' } },
    ),
    fc.record({
      type: fc.constantFrom('BLOCK', 'RAW'),
      vendor: fc.constantFrom(undefined, 'v'),
      id: fc.constantFrom(undefined, 'i'),
      profile: fc.constantFrom(undefined, 'p'),
      metadata: labels,
    }),
  );
  const volume = fc.constantFrom(undefined, { container_path: 'data', mode: 'RO' });
  const persistence = fc.record({ id: fc.constantFrom('1', '2'), principal });
  const disk = fc.oneof(
    source.map((from) => ({ disk: { source: from } })),
    fc
      .tuple(persistence, volume, fc.option(source, { nil: undefined }), fc.constantFrom(undefined, {}))
      .map(([kept, mounted, from, shared]) => ({
        disk: { persistence: kept, volume: mounted, source: from },
        shared,
      })),
  );
  const marks = fc.record({
    revocable: fc.constantFrom(undefined, {}),
    provider_id: fc.constantFrom(undefined, { value: 'p' }),
    allocation_info: fc.constantFrom(undefined, { role: 'x' }),
  });
  const message = fc
    .tuple(
      fc.oneof(
        fc.constantFrom(CPUS, PORTS, NAMES, DISK),
        disk.map((info) => ({ ...DISK, ...info })),
      ),
      stack,
      marks,
    )
    // As on the wire: an unset field is absent.
    .map(([value, reservations, mark]) => JSON.parse(JSON.stringify({ ...value, reservations, ...mark })));
  const messages = fc.array(message, { maxLength: 5 });

  test('what is written is read back the same, in each format that can hold it', () => {
    fc.assert(
      fc.property(messages, (list) => {
        const resources = read(...list);
        for (const format of ['post', 'endpoint'] as const) {
          const back = read(...resourcesToJson(resources, format));
          expect(back.equals(resources)).toBe(true);
          expect(resourcesToJson(back, format)).toEqual(resourcesToJson(resources, format));
        }
        const simple = resources.filter((entry) => entry.identity.reservations.length < 2);
        const statics = simple.filter(
          (entry) => !entry.identity.reservations.some((r) => r.type === 'STATIC'),
        );
        expect(read(...resourcesToJson(statics, 'pre')).equals(statics)).toBe(true);
      }),
    );
  });

  test('one message is written as it was read, field by field', () => {
    fc.assert(
      fc.property(message, (one) => {
        const { reservations, ...rest } = one;
        const expected = reservations.length === 0 ? rest : one;
        expect(JSON.parse(JSON.stringify(written('post', one)))).toEqual([expected]);
      }),
    );
  });
});

describe('the summary', () => {
  test('the four scalars are always there, ranges and sets are text', () => {
    expect(resourcesSummary(Resources.EMPTY)).toEqual({ cpus: 0, gpus: 0, mem: 0, disk: 0 });
    expect(
      resourcesSummary(
        read(
          CPUS,
          { ...CPUS, role: 'a' },
          { ...CPUS, revocable: {} },
          PORTS,
          { ...PORTS, role: 'a', ranges: { range: [{ begin: 10, end: 12 }] } },
          NAMES,
          { ...CPUS, name: 'fpgas' },
          { ...DISK, role: 'a', disk: VOLUME, shared: {} },
          { ...DISK, role: 'a', disk: VOLUME, shared: {} },
        ),
      ),
    ).toEqual({
      cpus: 4,
      gpus: 0,
      mem: 0,
      disk: 9,
      cpus_revocable: 2,
      fpgas: 2,
      names: '{a, b}',
      ports: '[1-5, 10-12]',
    });
  });
});
