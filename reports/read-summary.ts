import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../engine/core/index.ts';
import { causeText, type ReportError } from './report-error.ts';
import { SUMMARY_FILE } from './result-folder.ts';
import { isSummaryText, SUMMARY_SCHEMA, type Summary } from './summary.ts';
import { SUMMARY_SHAPE } from './summary-shape.ts';

/** Reads `summary.json` of a result folder. Refuses what is not one, another schema, and a file that is damaged. */
export function readSummary(folder: string): Result<Summary, ReportError> {
  const path = join(folder, SUMMARY_FILE);
  if (!existsSync(path)) {
    const message = existsSync(folder) ? `holds no ${SUMMARY_FILE}: not a result folder` : 'does not exist';
    return err({ code: 'NOT_A_RESULT_FOLDER', path: folder, message });
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    return err({ code: 'DAMAGED_FILE', path, line: null, message: causeText(cause) });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const message = `not well-formed JSON: ${causeText(cause)}`;
    return err({ code: 'DAMAGED_FILE', path, line: syntaxErrorLine(text, causeText(cause)), message });
  }
  if (!isSummaryText(text)) {
    const message = `${SUMMARY_FILE} is not of a run: its first field is not a "schema" of this program`;
    return err({ code: 'NOT_A_RESULT_FOLDER', path: folder, message });
  }
  if (!isRecord(value) || value['schema'] !== SUMMARY_SCHEMA) {
    const found = isRecord(value) ? JSON.stringify(value['schema']) : 'none';
    const message = `schema "${SUMMARY_SCHEMA}" is expected, found ${found}`;
    return err({ code: 'DAMAGED_FILE', path, line: lineOf(text, '"schema"'), message });
  }
  const problem = SUMMARY_SHAPE(value, '');
  if (problem !== null) return err({ code: 'DAMAGED_FILE', path, line: null, message: problem });
  return ok(value as unknown as Summary);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The line that JSON.parse stopped at: it names a position, or the end of the text. */
function syntaxErrorLine(text: string, message: string): number {
  const position = /position (\d+)/.exec(message)?.[1];
  const end = position === undefined ? text.trimEnd().length : Number(position);
  return text.slice(0, end).split('\n').length;
}

function lineOf(text: string, part: string): number | null {
  const at = text.indexOf(part);
  return at === -1 ? null : text.slice(0, at).split('\n').length;
}
