import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * How pages mark their commands. A line of a `sh` block is a command. It has to exit with 0, or with N if a comment before it is `# exits with N`; it is not run after
 * `# takes about N minutes`; after `# in another terminal` it runs on beside those that follow. A block after a line "`PATH`:" is the content of that file.
 */

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Pages whose commands need a cluster: `cli/e2e/documentation.test.ts` runs them. */
export const CLUSTER_PAGES = ['docs/local.md', 'docs/cli.md', 'docs/operate.md', 'docs/replay.md'];

export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

export interface Block {
  readonly language: string;
  readonly text: string;
  /** From a line "`PATH`:" before it; null without. */
  readonly file: string | null;
}

export function blocksOf(page: string): Block[] {
  const fences = /(?:^`([^`\n]+)`:\n\n)?^```(\w*)\n([^]*?)^```$/gm;
  return [...textOf(page).matchAll(fences)].map((match) => ({
    language: match[2]!,
    text: match[3]!,
    file: match[1] ?? null,
  }));
}

export interface CommandLine {
  readonly line: string;
  readonly code: number;
  readonly isLong: boolean;
  readonly isBeside: boolean;
}

export function commandsOf(text: string): CommandLine[] {
  const commands: CommandLine[] = [];
  let code = 0;
  let isLong = false;
  let isBeside = false;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    if (line.startsWith('#')) {
      code = Number(/^# exits with (\d+)$/.exec(line)?.[1] ?? code);
      isLong ||= /^# takes about \d+ minutes?$/.test(line);
      isBeside ||= line === '# in another terminal';
      continue;
    }
    commands.push({ line, code, isLong, isBeside });
    code = 0;
    isLong = false;
    isBeside = false;
  }
  return commands;
}
