/** Writes results: a table or lines for people, or one JSON line for scripts. */
export interface Output {
  readonly isJson: boolean;
  line(text: string): void;
  /** Printed only with `--json`. */
  json(value: unknown): void;
  /** Columns with a headline, as wide as they must be; `empty` if there are no rows. */
  table(headline: readonly string[], rows: readonly (readonly string[])[], empty: string): void;
}

export function output(isJson: boolean, write: (text: string) => void = writeOut): Output {
  const line = (text: string) => {
    if (!isJson) write(`${text}\n`);
  };
  return {
    isJson,
    line,
    json(value) {
      if (isJson) write(`${JSON.stringify(value)}\n`);
    },
    table(headline, rows, empty) {
      if (rows.length === 0) {
        line(empty);
        return;
      }
      const widths = headline.map((name, column) =>
        Math.max(name.length, ...rows.map((row) => row[column]!.length)),
      );
      for (const row of [headline, ...rows])
        line(
          row
            .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!)))
            .join('  ')
            .trimEnd(),
        );
    },
  };
}

function writeOut(text: string): void {
  process.stdout.write(text);
}
