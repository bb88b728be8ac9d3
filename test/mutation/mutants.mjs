import { parseAst } from 'vitest/node';

/**
 * One small change of a module's text.
 * @typedef {{ readonly line: number, readonly column: number, readonly start: number, readonly end: number,
 *   readonly operator: string, readonly before: string, readonly after: string }} Mutant
 */

/** What each operator becomes. A comparison moves its border instead of turning round: that is the fault that tests miss. */
const BINARY = new Map([
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['===', '!=='],
  ['!==', '==='],
  ['==', '!='],
  ['!=', '=='],
  ['&&', '||'],
  ['||', '&&'],
  ['+', '-'],
  ['-', '+'],
  ['*', '/'],
  ['/', '*'],
  ['%', '*'],
  ['+=', '-='],
  ['-=', '+='],
]);
const UPDATE = new Map([
  ['++', '--'],
  ['--', '++'],
]);
const REMOVABLE = new Set(['CallExpression', 'AssignmentExpression', 'UpdateExpression', 'AwaitExpression']);

/**
 * All mutants of a TypeScript module, in the order of its text. Types have none: they are not there when it runs.
 * @param {string} text the module
 * @returns {Mutant[]}
 * @throws a SyntaxError if the text does not parse
 */
export function mutantsOf(text) {
  const starts = lineStartsOf(text);
  /** @type {Mutant[]} */
  const mutants = [];
  const add = (operator, start, end, after) => {
    const line = starts.findLastIndex((at) => at <= start);
    const mutant = {
      line: line + 1,
      column: start - starts[line] + 1,
      start,
      end,
      operator,
      before: text.slice(start, end),
      after,
    };
    if (parses(mutate(text, mutant))) mutants.push(mutant);
  };
  /** The operator that stands between two operands. */
  const swap = (operator, from, to, after) => {
    if (after === undefined) return;
    const at = text.indexOf(operator, from);
    if (at === -1 || at + operator.length > to)
      throw new Error(`no '${operator}' in '${text.slice(from, to)}'`);
    add('operator', at, at + operator.length, after);
  };
  walk(parse(text), (node) => {
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression':
      case 'AssignmentExpression':
        swap(node.operator, node.left.end, node.right.start, BINARY.get(node.operator));
        break;
      case 'UpdateExpression':
        swap(
          node.operator,
          node.prefix ? node.start : node.argument.end,
          node.prefix ? node.argument.start : node.end,
          UPDATE.get(node.operator),
        );
        break;
      case 'UnaryExpression':
        if (node.operator === '!') add('negation', node.start, node.start + 1, '');
        break;
      case 'Literal':
        if (typeof node.value === 'boolean') add('boolean', node.start, node.end, String(!node.value));
        break;
      case 'ExpressionStatement':
        if (REMOVABLE.has(node.expression.type) && node.expression.callee?.type !== 'Super')
          add('statement', node.start, node.end, ';');
        break;
      case 'ReturnStatement': {
        if (node.argument === null) break;
        const { start, end } = node.argument;
        add('return', start, end, text.slice(start, end) === 'null' ? '0' : 'null');
        break;
      }
    }
  });
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The module's text with the mutant in it. */
export function mutate(text, { start, end, after }) {
  return text.slice(0, start) + after + text.slice(end);
}

function parse(text) {
  return parseAst(text, { lang: 'ts' });
}

function parses(text) {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Visits everything that runs. Wrappers such as `x!` and `x as T` are types around code: only their expression is entered. */
function walk(node, visit) {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, visit);
    return;
  }
  if (typeof node?.type !== 'string') return;
  if (node.type.startsWith('TS')) {
    walk(node.expression, visit);
    return;
  }
  visit(node);
  for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit);
}

function lineStartsOf(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
