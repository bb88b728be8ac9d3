export {
  type ClassLayout,
  fieldsLayout,
  FILLED_IN_LATER,
  type HiddenFields,
  valueLayout,
} from './class-layout.ts';
export { type GraphClass, GraphClasses, type GraphConstants } from './graph-classes.ts';
export { GraphMismatch } from './graph-mismatch.ts';
export { readGraph } from './graph-reader.ts';
export { writeGraph } from './graph-writer.ts';
