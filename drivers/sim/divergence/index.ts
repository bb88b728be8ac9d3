export { describeDivergence, type Divergence, firstDivergence, type TappedRun } from './first-divergence.ts';
export { OutputTrace, OutputWindow, TRACE_CHUNK, type TracedOutput } from './output-trace.ts';
