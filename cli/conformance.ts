import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ConformanceSubject,
  HIERARCHICAL_DRF_SUBJECT,
  hasScenarios,
  resultLine,
  resultText,
  runScenarioFile,
  type ScenarioResult,
  summarize,
  summaryLine,
} from '../allocators/contract/index.ts';

/** Where lines go; neither gets a line end. */
export interface ConformanceOutput {
  out(line: string): void;
  err(line: string): void;
}

export interface ConformanceOptions {
  /** One JSON line per scenario and a summary line (conformance README §12) instead of text for people. */
  readonly json: boolean;
  /** Visiting orders of agents under which every allocator scenario runs; at least 1. */
  readonly seeds: number;
  /** Scenarios to run, as `name` or `area/name`, which are then told of by name; none for all. */
  readonly names: readonly string[];
}

const PASSED = 0;
const FAILED = 1;
const BAD_INPUT = 2;
/** Describes the files; no scenarios itself. */
const SCHEMA_NAME = 'scenario.schema.json';

/** What the user gave cannot be used. The message names it. */
class BadInput extends Error {
  override readonly name = 'BadInput';
}

interface ScenarioSource {
  readonly path: string;
  readonly json: unknown;
}

/**
 * `orrery conformance PATH…`: runs scenario files and folders of them. Prints what did not pass and, last, `N passed, N failed`; unsupported
 * scenarios and errors count as failed.
 *
 * @returns exit code: 0 all passed, 1 something did not, 2 bad input (one message on `err`, nothing run)
 */
export async function runConformanceCommand(
  paths: readonly string[],
  io: ConformanceOutput,
  options: ConformanceOptions,
  subject: ConformanceSubject = HIERARCHICAL_DRF_SUBJECT,
): Promise<number> {
  let sources: readonly ScenarioSource[];
  try {
    sources = await readSources(paths, options);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    io.err(error.message);
    return BAD_INPUT;
  }
  const seeds = Array.from({ length: options.seeds }, (_, index) => index + 1);
  const results: ScenarioResult[] = [];
  for (const { path, json } of sources) {
    for (const result of runScenarioFile(json, path, subject, seeds)) {
      results.push(result);
      if (options.json) io.out(resultLine(result));
      else if (result.result !== 'pass') io.out(resultText(result));
      else if (options.names.length > 0) io.out(`PASS ${result.scenario}`);
    }
  }
  const summary = summarize(results);
  const failed = results.length - summary.pass;
  io.out(options.json ? summaryLine(summary) : `${summary.pass} passed, ${failed} failed`);
  return failed === 0 ? PASSED : FAILED;
}

/** All files before the first scenario runs, so that bad input leaves no half-printed result. */
async function readSources(
  paths: readonly string[],
  options: ConformanceOptions,
): Promise<readonly ScenarioSource[]> {
  if (!Number.isSafeInteger(options.seeds) || options.seeds < 1) {
    throw new BadInput(`the number of seeds must be a whole number of at least 1, not ${options.seeds}`);
  }
  if (paths.length === 0) throw new BadInput('name at least one scenario file or folder');
  const sources: ScenarioSource[] = [];
  for (const path of paths) sources.push(...(await sourcesAt(path)));
  const seen = new Set<string>();
  return chosen(
    sources.filter(({ path }) => !seen.has(path) && seen.add(path)),
    options.names,
  );
}

/** The files with nothing left in them but the scenarios named. */
function chosen(sources: readonly ScenarioSource[], names: readonly string[]): readonly ScenarioSource[] {
  if (names.length === 0) return sources;
  const found = new Set<string>();
  const left: ScenarioSource[] = [];
  for (const { path, json } of sources) {
    const file = json as { readonly area?: unknown; readonly scenarios: readonly unknown[] };
    const scenarios = file.scenarios.filter((one) => {
      const name = nameOf(one);
      const matching = names.filter((wanted) => wanted === name || wanted === `${String(file.area)}/${name}`);
      for (const wanted of matching) found.add(wanted);
      return matching.length > 0;
    });
    if (scenarios.length > 0) left.push({ path, json: { ...file, scenarios } });
  }
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new BadInput(`--scenario ${missing}: no scenario of the files has this name`);
  return left;
}

/** Null for what is malformed and has none. */
function nameOf(scenario: unknown): string | null {
  const isNamed = typeof scenario === 'object' && scenario !== null && 'name' in scenario;
  return isNamed && typeof scenario.name === 'string' ? scenario.name : null;
}

async function sourcesAt(path: string): Promise<readonly ScenarioSource[]> {
  if (!(await isFolder(path))) {
    const json = await readJson(path);
    if (!hasScenarios(json))
      throw new BadInput(`${path}: holds no scenarios: expected an object with a list "scenarios"`);
    return [{ path, json }];
  }
  const found: ScenarioSource[] = [];
  for (const file of await jsonFilesIn(path)) {
    const json = await readJson(file);
    if (hasScenarios(json)) found.push({ path: file, json });
  }
  if (found.length === 0)
    throw new BadInput(`${path}: holds no scenario files (*.json with a list "scenarios")`);
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new BadInput(`${path}: ${reasonOf(error)}`);
  }
}

/** Recursively, in the order of their names. */
async function jsonFilesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new BadInput(`${folder}: ${reasonOf(error)}`);
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await jsonFilesIn(path)));
    else if (entry.name.endsWith('.json') && entry.name !== SCHEMA_NAME) files.push(path);
  }
  return files;
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new BadInput(`${path}: ${reasonOf(error)}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BadInput(`${path}: is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
      return 'may not be read';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
