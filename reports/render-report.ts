import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../engine/core/index.ts';
import { reportCards } from './charts/report-charts.ts';
import { readRunSeries } from './charts/run-series.ts';
import { reportPage } from './html/page.ts';
import { readSummary } from './read-summary.ts';
import { causeText, type ReportError } from './report-error.ts';

export const REPORT_FILE = 'report.html';

/**
 * Builds `report.html` from the other files of a result folder, and from nothing else: at the end of a run and years later it is the same.
 * Refuses a folder that holds no result and a file that is damaged, with file and line.
 *
 * @returns the report's path
 */
export function renderReport(folder: string): Result<string, ReportError> {
  const summary = readSummary(folder);
  if (!summary.ok) return summary;
  const series = readRunSeries(folder, summary.value);
  if (!series.ok) return series;
  const path = join(folder, REPORT_FILE);
  const page = reportPage(summary.value, series.value, reportCards(summary.value, series.value));
  try {
    writeFileSync(path, page);
  } catch (cause) {
    return err({ code: 'FOLDER_NOT_WRITABLE', path, message: causeText(cause) });
  }
  return ok(path);
}
