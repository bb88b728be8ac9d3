import { fieldsLayout } from './class-layout.ts';
import { type GraphClass, GraphClasses } from './graph-classes.ts';
import { readGraph } from './graph-reader.ts';
import { writeGraph } from './graph-writer.ts';

class Box {
  content: unknown = null;

  static readonly layout = fieldsLayout({});
}

/** A copy that has nothing in common with `value`: data, and values of `classes`; for tests. */
export function copied<T>(value: T, classes: Iterable<GraphClass>): T {
  const known = new GraphClasses([...classes, Box]);
  const box = new Box();
  box.content = value;
  const again = new Box();
  readGraph(writeGraph(box, known), again, known);
  return again.content as T;
}
