/** Where a machine writes what is to be done. The driver owns it and reuses it: a fresh array per step costs a fifth of a run. */
export interface Sink<Out> {
  push(output: Out): void;
}
