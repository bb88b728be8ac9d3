import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AllocatorFactory } from '../engine/master/index.ts';
import { guarded, type PolicyError } from '../allocators/contract/index.ts';
import { hierarchicalDrf } from '../allocators/hierarchical-drf/index.ts';
import { UsageError } from './usage-error.ts';

const BUILT_IN: ReadonlyMap<string, AllocatorFactory> = new Map([['hierarchical-drf', hierarchicalDrf]]);

/** Checks what can be checked of `--allocator` before anything is read. Throws UsageError for a name that is none. */
export function checkAllocatorName(text: string): void {
  if (BUILT_IN.has(text) || isFile(text)) return;
  const names = [...BUILT_IN.keys()].join(', ');
  throw new UsageError(
    `--allocator ${text}: unknown; there is ${names}, or a file of your own such as ./my-policy.mjs`,
  );
}

/**
 * The policy that `--allocator` names: a built-in one, or one from the user's file behind the guard. Throws UsageError for a file that
 * holds no policy; what the policy does wrong later is a `PolicyError` of the run.
 *
 * @param check whether built-in policies are guarded too
 */
export async function loadAllocator(text: string, check: boolean): Promise<AllocatorFactory> {
  checkAllocatorName(text);
  const builtIn = BUILT_IN.get(text);
  if (builtIn === undefined) return guarded(await factoryIn(text), text);
  return check ? guarded(builtIn, text) : builtIn;
}

/** One line for the user: the broken rule, and where in the file the policy threw, if it did. */
export function policyErrorText(error: PolicyError): string {
  const place = placeOf(error.cause, error.fault.policy);
  return place === null ? error.message : `${error.message} (${place})`;
}

function isFile(text: string): boolean {
  return text.includes('/') || text.endsWith('.js') || text.endsWith('.mjs');
}

async function factoryIn(text: string): Promise<AllocatorFactory> {
  const path = resolve(text);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`--allocator ${text}: no such file`);
  if (!found.isFile()) throw new UsageError(`--allocator ${text}: not a file`);
  const exported = await exportsOf(text, path);
  const name = 'default' in exported ? 'default' : 'allocator';
  if (!(name in exported)) {
    const names = Object.keys(exported).join(', ') || 'nothing';
    throw new UsageError(
      `--allocator ${text}: no default export, and none named allocator; the file exports ${names}`,
    );
  }
  const factory = exported[name];
  if (typeof factory !== 'function') {
    const what = factory === null ? 'null' : typeof factory;
    throw new UsageError(
      `--allocator ${text}: the ${name} export is of type ${what}; expected a function (now, options, sink) that makes an allocator`,
    );
  }
  // What it makes and does is checked by the guard.
  return factory as AllocatorFactory;
}

async function exportsOf(text: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const place = error instanceof SyntaxError ? placeOfSyntaxError(path) : placeOf(error, text);
    const where = place === null ? '' : ` (${place})`;
    throw new UsageError(
      `--allocator ${text}: the file cannot be loaded: ${thrown.replaceAll(/\s*\n\s*/g, ' ')}${where}`,
    );
  }
}

/** `my-policy.mjs:12:5`, the innermost place in the user's file that the error has passed. */
function placeOf(error: unknown, file: string): string | null {
  if (!(error instanceof Error)) return null;
  const name = basename(file);
  for (const line of (error.stack ?? '').split('\n')) {
    const place = /^ +at .*?([^/\\:]+):(\d+:\d+)\)?$/.exec(line);
    if (place !== null && decodeURIComponent(place[1]!) === name) return `${name}:${place[2]!}`;
  }
  return null;
}

/** A syntax error does not say where it is, but Node does when it only checks the file; null if the error is in a file that it imports. */
function placeOfSyntaxError(path: string): string | null {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: 10_000 });
  const line = /^.*:(\d+)$/m.exec(stderr)?.[1];
  return line === undefined ? null : `${basename(path)}:${line}`;
}
