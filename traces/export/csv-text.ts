import { TraceError } from '../model/trace-error.ts';

/** A field as RFC 4180 quotes it. A field cannot hold a line break: our reader takes a row for a line. Throws `TraceError`. */
export function csvField(text: string, what: string): string {
  if (/[\r\n]/.test(text))
    throw new TraceError(`${what} ${JSON.stringify(text)} holds a line break, expected one line`);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
