import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { milli } from '../../../engine/core/index.ts';
import {
  CPUS,
  DISK,
  MEM,
  parseCommandLineResources,
  PORTS,
  rangesResource,
  type Resource,
  resourceErrorText,
  Resources,
  scalarResource,
} from '../../../engine/resources/index.ts';
import { AgentError } from './agent-error.ts';
import { MEGABYTE } from './container-limits.ts';

const GIGABYTE = 1_024;

/** What a machine has; memory and disk in megabytes. */
export interface MachineSizes {
  readonly cpus: number;
  readonly mem: number | null;
  readonly disk: number | null;
}

export async function machineSizes(workDir: string): Promise<MachineSizes> {
  const { blocks, bsize } = await statfs(workDir);
  return {
    cpus: availableParallelism(),
    mem: Math.floor(totalmem() / MEGABYTE),
    disk: Math.floor((blocks * bsize) / MEGABYTE),
  };
}

/**
 * The agent's total: what `--resources` names as it says, zero included, and the rest as the machine has it (spec 02 §4).
 *
 * @param text of `--resources`, null without. Throws AgentError.
 */
export function detectedResources(text: string | null, sizes: MachineSizes): Resources {
  const given = parseCommandLineResources(text ?? '');
  if (!given.ok)
    throw new AgentError(
      `--resources: ${resourceErrorText(given.error)}; expected such as cpus:4;mem:8192;ports:[31000-32000]`,
    );
  const named = namesIn(text ?? '');
  for (const { identity } of given.value.entries) named.add(identity.name);
  const detected: Resource[] = [];
  if (!named.has('cpus')) detected.push(scalarResource(CPUS, milli(Math.max(1, sizes.cpus) * 1_000)));
  if (!named.has('mem'))
    detected.push(scalarResource(MEM, milli(share(sizes.mem, GIGABYTE, 2 * GIGABYTE, GIGABYTE) * 1_000)));
  if (!named.has('disk'))
    detected.push(
      scalarResource(DISK, milli(share(sizes.disk, 5 * GIGABYTE, 10 * GIGABYTE, 10 * GIGABYTE) * 1_000)),
    );
  if (!named.has('ports')) detected.push(rangesResource(PORTS, [{ begin: 31_000, end: 32_000 }]));
  return given.value.plus(Resources.of(detected));
}

/** All but `kept` of a large amount, half of one below `large`. */
function share(total: number | null, kept: number, large: number, fallback: number): number {
  if (total === null) return fallback;
  return total >= large ? total - kept : Math.floor(total / 2);
}

/** Names with a zero are no resources, but they are not detected either. */
function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  if (text.trimStart().startsWith('[')) {
    for (const { name } of JSON.parse(text) as { readonly name: string }[]) names.add(name);
    return names;
  }
  for (const item of text.split(';')) {
    const name = item.slice(0, item.indexOf(':')).split('(')[0]!.trim();
    if (name !== '') names.add(name);
  }
  return names;
}
