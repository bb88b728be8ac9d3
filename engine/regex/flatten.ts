import { ALT, ASSERT, BYTE, CAPTURE, NOP, type Program } from './program.ts';

/**
 * A program without choices: runs of instructions to be tried side by side, one run per place that a step can lead to. A NOP goes on at
 * another run without taking a byte. `outs` are rows where runs begin.
 */
export interface FlatProgram {
  readonly opcodes: readonly number[];
  readonly outs: readonly number[];
  readonly args: readonly number[];
  /** 1 in the last row of each run. */
  readonly lasts: readonly number[];
  readonly start: number;
}

/** RE2's "flattening"; the number of its rows is what RE2 calls the size of the program. */
export function flatten(program: Program): FlatProgram {
  const plain = withoutNops(program);
  const roots = findRoots(plain);
  const opcodes: number[] = [];
  const targets: number[] = [];
  const args: number[] = [];
  const lasts: number[] = [];
  const begins = new Map<number, number>();
  for (const root of roots) {
    begins.set(root, opcodes.length);
    walk(plain, root, (row) => {
      const isElsewhere = row !== root && roots.has(row);
      const opcode = plain.opcodes[row]!;
      if (!isElsewhere && (opcode === ALT || opcode === NOP)) return true;
      opcodes.push(isElsewhere ? NOP : opcode);
      targets.push(isElsewhere ? row : plain.outs[row]!);
      args.push(plain.args[row]!);
      lasts.push(0);
      return false;
    });
    lasts[lasts.length - 1] = 1;
  }
  const outs = targets.map((target) => begins.get(target)!);
  return { opcodes, outs, args, lasts, start: begins.get(plain.start)! };
}

/**
 * Rows where runs begin, in the order of discovery: FAIL, both starts, wherever a step leads, and what several runs would otherwise
 * repeat.
 */
function findRoots(program: Program): ReadonlySet<number> {
  const roots = new Set([0, program.startUnanchored, program.start]);
  const predecessors = new Map<number, number[]>();
  walk(program, program.startUnanchored, (row) => {
    const opcode = program.opcodes[row]!;
    if (opcode === ALT) {
      for (const next of [program.outs[row]!, program.args[row]!]) {
        const known = predecessors.get(next);
        if (known === undefined) predecessors.set(next, [row]);
        else known.push(row);
      }
    } else if (opcode === BYTE || opcode === CAPTURE || opcode === ASSERT) roots.add(program.outs[row]!);
    return true;
  });
  for (const root of [...roots].sort((a, b) => b - a)) {
    if (root !== 0 && root !== program.startUnanchored && root !== program.start) {
      splitOff(program, root, roots, predecessors);
    }
  }
  return roots;
}

/** Makes a root of each row in the run of `root` that can also be reached from outside the run. */
function splitOff(
  program: Program,
  root: number,
  roots: Set<number>,
  predecessors: ReadonlyMap<number, readonly number[]>,
): void {
  const reached = new Set<number>();
  walk(program, root, (row) => {
    reached.add(row);
    const opcode = program.opcodes[row]!;
    return (row === root || !roots.has(row)) && (opcode === ALT || opcode === NOP);
  });
  for (const row of reached) {
    if (predecessors.get(row)?.some((before) => !reached.has(before)) === true) roots.add(row);
  }
}

/** Visits every row reachable from `from` once, the preferred way first; goes on behind a row only if `visit` says so. */
function walk(program: Program, from: number, visit: (row: number) => boolean): void {
  const seen = new Set<number>();
  const pending = [from];
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    if (seen.has(row)) continue;
    seen.add(row);
    if (!visit(row)) continue;
    const opcode = program.opcodes[row]!;
    if (opcode === ALT) pending.push(program.args[row]!);
    if (opcode === ALT || opcode === NOP || opcode === BYTE || opcode === CAPTURE || opcode === ASSERT)
      pending.push(program.outs[row]!);
  }
}

/** The program with every way around the NOPs on it. */
function withoutNops(program: Program): Program {
  const outs = [...program.outs];
  const args = [...program.args];
  const plain = { ...program, outs, args };
  const behindNops = (row: number): number => {
    let target = row;
    while (target !== 0 && program.opcodes[target] === NOP) target = outs[target]!;
    return target;
  };
  walk(plain, program.start, (row) => {
    outs[row] = behindNops(outs[row]!);
    if (program.opcodes[row] === ALT) args[row] = behindNops(args[row]!);
    return true;
  });
  return plain;
}
