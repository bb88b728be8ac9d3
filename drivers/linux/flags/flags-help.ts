import type { FlagTable } from './parse-flags.ts';

/** Help for a table of flags, a flag a paragraph. */
export function flagsHelp(usage: string, about: string, table: FlagTable): string {
  const lines = [`Usage: ${usage}`, '', about, ''];
  for (const [name, { kind, default: value, help }] of Object.entries(table)) {
    const form = kind === 'boolean' ? `--[no-]${name}` : `--${name}=${KINDS[kind]}`;
    lines.push(
      `  ${form}`,
      `      ${help}${value === null || kind === 'boolean' ? '' : ` (default ${value})`}`,
    );
  }
  lines.push('', 'A flag may be given as MESOS_NAME in the environment, and its value as file:///path.');
  return lines.join('\n');
}

const KINDS = {
  text: 'TEXT',
  boolean: '',
  integer: 'NUMBER',
  number: 'NUMBER',
  duration: 'DURATION',
  bytes: 'BYTES',
  json: 'JSON',
  file: 'PATH',
} as const;
