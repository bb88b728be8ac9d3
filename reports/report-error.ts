/** Why results could not be written or read. `line` counts from 1; null where a file has none. */
export type ReportError =
  | { readonly code: 'FOLDER_IN_USE'; readonly path: string; readonly message: string }
  | { readonly code: 'FOLDER_NOT_WRITABLE'; readonly path: string; readonly message: string }
  | { readonly code: 'NOT_A_RESULT_FOLDER'; readonly path: string; readonly message: string }
  | {
      readonly code: 'DAMAGED_FILE';
      readonly path: string;
      readonly line: number | null;
      readonly message: string;
    };

/** One line for the terminal: the place, then what is wrong with it. */
export function reportErrorText(error: ReportError): string {
  const place =
    error.code === 'DAMAGED_FILE' && error.line !== null ? `${error.path}:${error.line}` : error.path;
  return `${place}: ${error.message}`;
}

/** The text of what Node throws. */
export function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
