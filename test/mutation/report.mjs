/** The result as data: counts, the score in percent of the tried, and the mutants that lived or ran into the time limit. */
export function summaryOf(file, tests, { all, tried }) {
  const of = (wanted) =>
    tried
      .filter(({ outcome }) => outcome === wanted)
      .map(({ line, column, operator, before, after }) => ({ line, column, operator, before, after }));
  const [survivors, timeLimit] = [of('survived'), of('timeLimit')];
  const killed = tried.length - survivors.length;
  return {
    file,
    tests,
    mutants: all,
    tried: tried.length,
    killed,
    score: tried.length === 0 ? null : Math.round((1000 * killed) / tried.length) / 10,
    survivors,
    timeLimit,
  };
}

/** The same for people: a line each for the score and every survivor. */
export function inWords({ file, mutants, tried, killed, score, survivors, timeLimit }) {
  if (tried === 0) return `${file}: nothing to change\n`;
  const scope = tried === mutants ? `${tried} mutants` : `${tried} of ${mutants} mutants`;
  const late = timeLimit.length === 0 ? '' : `, ${timeLimit.length} of them by the time limit`;
  const lines = [`${file}: ${scope}, ${killed} killed${late}, ${survivors.length} survived: ${score} %`];
  for (const each of survivors) lines.push(`  survived ${changeOf(file, each)}`);
  for (const each of timeLimit) lines.push(`  time limit ${changeOf(file, each)}`);
  return `${lines.join('\n')}\n`;
}

function changeOf(file, { line, column, before, after }) {
  const text = before.replace(/\s+/g, ' ');
  return `${file}:${line}:${column} \`${text}\` → ${after === '' || after === ';' ? 'removed' : `\`${after}\``}`;
}
