import { constants, setPriority } from 'node:os';
import { statSync } from 'node:fs';
import { compactJournal, JournalDivergence, JournalError } from '../../drivers/linux/index.ts';
import { loadAllocator } from '../allocator-argument.ts';
import { parseCount } from '../quantity-arguments.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';
import { readVersion } from '../version.ts';

/** `orrery replay JOURNAL --compact SEGMENT`, at low priority: masters run it beside themselves. @returns exit code: 1 for a divergence */
export async function compactCommand(
  journal: string,
  raw: { readonly compact: string; readonly untilStdinCloses?: boolean; readonly json?: boolean },
): Promise<number> {
  const segment = parseCount('--compact', raw.compact, 1);
  setPriority(constants.priority.PRIORITY_LOW);
  if (raw.untilStdinCloses === true) {
    process.stdin.once('end', () => process.exit(EXIT_FAILED));
    process.stdin.resume();
  }
  try {
    const { path, inputs } = await compactJournal(journal, segment, {
      factoryOf: async (name) => await loadAllocator(name, false),
      program: readVersion(),
    });
    const { size } = statSync(path);
    const text =
      raw.json === true ? JSON.stringify({ path, size, segment, inputs }) : textOf(path, size, inputs);
    process.stdout.write(`${text}\n`);
    return EXIT_OK;
  } catch (error) {
    if (error instanceof JournalDivergence) {
      process.stderr.write(`orrery: ${error.message}\n`);
      return EXIT_FAILED;
    }
    if (error instanceof JournalError) throw new UsageError(error.message);
    throw error;
  } finally {
    // An open standard input would keep the process.
    if (raw.untilStdinCloses === true) process.stdin.destroy();
  }
}

function textOf(path: string, size: number, inputs: number): string {
  return `snapshot  ${path}: ${size} bytes, for all before it, ${inputs} inputs of its master`;
}
