/** Words of an agent that no client has a bit of. */
export const NO_BITS = new Int32Array(0);
