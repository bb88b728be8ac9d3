import type { Micros } from '../../../engine/core/index.ts';
import type { Flag } from '../../../engine/protocol/index.ts';
import { BYTES_EXAMPLE, DURATION_EXAMPLE, durationText, parseBytes, parseDuration } from './flag-values.ts';

/** What a flag takes, and how it is read (spec 17). A `file` is the text of the file that is named, or the text itself if it is no path. */
export type FlagKind = 'text' | 'file' | 'boolean' | 'integer' | 'number' | 'duration' | 'bytes' | 'json';

export interface FlagSpec {
  readonly kind: FlagKind;
  /** As text; null for a flag that is unset unless given. */
  readonly default: string | null;
  readonly help: string;
  /** Its value is not told to operators, nor logged. */
  readonly secret?: true;
  /** Names of old that still work. */
  readonly aliases?: readonly string[];
}

export type FlagTable = { readonly [name: string]: FlagSpec };

interface KindValues {
  readonly text: string;
  readonly file: string;
  readonly boolean: boolean;
  readonly integer: number;
  readonly number: number;
  readonly duration: Micros;
  readonly bytes: number;
  readonly json: unknown;
}

/** Values by flag; null where neither the caller nor the table gives one. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name]['default'] extends string
    ? KindValues[Table[Name]['kind']]
    : KindValues[Table[Name]['kind']] | null;
};

/** A flag is wrong; the text says which, why, and what is accepted. */
export class FlagError extends Error {}

export interface FlagSources {
  /** `--name=value`, `--name value`, `--name`, `--no-name`. */
  readonly args: readonly string[];
  /** `MESOS_NAME`; what is not in the table there is somebody else's. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Contents of a file, for values of `file:///path`. Throws if there is none. */
  readFile(path: string): string;
}

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** As operators see them: texts, without secrets. */
  readonly shown: readonly Flag[];
}

/** Reads flags: the command line wins over the environment, which wins over the defaults. Throws FlagError. */
export function parseFlags<Table extends FlagTable>(table: Table, sources: FlagSources): ParsedFlags<Table> {
  const given = new Map<string, { readonly text: string; readonly source: string }>();
  const names = namesOf(table);
  for (const [variable, text] of Object.entries(sources.env)) {
    if (!variable.startsWith('MESOS_') || text === undefined) continue;
    const name = names.get(variable.slice('MESOS_'.length).toLowerCase());
    if (name !== undefined) given.set(name, { text, source: variable });
  }
  readArguments(table, names, sources.args, given);
  const values: Record<string, unknown> = {};
  const shown: Flag[] = [];
  for (const [name, spec] of Object.entries(table)) {
    const one = given.get(name);
    const raw = one?.text ?? spec.default;
    if (raw === null) {
      values[name] = null;
      continue;
    }
    const source = one?.source ?? `the default of --${name}`;
    const isFile = raw.startsWith('file://') || (spec.kind === 'file' && raw.startsWith('/'));
    const text = isFile ? fileOf(raw, source, sources) : raw;
    values[name] = valueOf(spec, text, source);
    shown.push({ name, value: spec.secret === true ? '(hidden)' : shownText(spec, raw) });
  }
  return { values: values as FlagValues<Table>, shown };
}

function shownText(spec: FlagSpec, raw: string): string {
  const duration = spec.kind === 'duration' ? parseDuration(raw) : null;
  return duration === null ? raw : durationText(duration);
}

/** Names, and names of old, to names. */
function namesOf(table: FlagTable): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, { aliases }] of Object.entries(table)) {
    names.set(name, name);
    for (const alias of aliases ?? []) names.set(alias, name);
  }
  return names;
}

function readArguments(
  table: FlagTable,
  names: ReadonlyMap<string, string>,
  args: readonly string[],
  given: Map<string, { readonly text: string; readonly source: string }>,
): void {
  const seen = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    const parts = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg);
    if (parts === null) throw new FlagError(`'${arg}' is no flag; expected --name=value`);
    const written = parts[1]!.replaceAll('-', '_');
    let name = names.get(written);
    let text: string | undefined = parts[2];
    if (name === undefined && written.startsWith('no_') && text === undefined) {
      name = names.get(written.slice('no_'.length));
      if (name !== undefined && table[name]!.kind !== 'boolean') {
        throw new FlagError(`--${parts[1]!}: --${name} is no boolean; only those have a --no- form`);
      }
      text = 'false';
    }
    if (name === undefined) throw new FlagError(`There is no flag --${parts[1]!}${nearest(written, names)}`);
    if (text === undefined) {
      if (table[name]!.kind === 'boolean') text = 'true';
      else if (index + 1 < args.length && !args[index + 1]!.startsWith('--')) text = args[++index]!;
      else throw new FlagError(`--${name} needs a value: --${name}=…`);
    }
    if (seen.has(name)) throw new FlagError(`--${name} is given twice`);
    seen.add(name);
    given.set(name, { text, source: `--${name}` });
  }
}

function nearest(written: string, names: ReadonlyMap<string, string>): string {
  const close = [...names.keys()].find((name) => name.startsWith(written) || written.startsWith(name));
  return close === undefined ? '' : `; did you mean --${close}?`;
}

function fileOf(raw: string, source: string, sources: FlagSources): string {
  const path = raw.startsWith('file://') ? raw.slice('file://'.length) : raw;
  try {
    return sources.readFile(path).trim();
  } catch (error) {
    throw new FlagError(
      `${source}: cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function valueOf(spec: FlagSpec, text: string, source: string): unknown {
  const shown = spec.secret === true ? '(hidden)' : `'${text}'`;
  const refuse = (expected: string): never => {
    throw new FlagError(`${source} is ${shown}; expected ${expected}`);
  };
  switch (spec.kind) {
    case 'text':
    case 'file':
      return text;
    case 'boolean':
      if (text === 'true' || text === '1') return true;
      if (text === 'false' || text === '0') return false;
      return refuse('true or false');
    case 'integer': {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : null;
      return value ?? refuse('a whole number');
    }
    case 'number': {
      const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
      return value ?? refuse('a number');
    }
    case 'duration':
      return parseDuration(text) ?? refuse(DURATION_EXAMPLE);
    case 'bytes':
      return parseBytes(text) ?? refuse(BYTES_EXAMPLE);
    case 'json':
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return refuse('JSON, or file:///path to a file with it');
      }
  }
}
