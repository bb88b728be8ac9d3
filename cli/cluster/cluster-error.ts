/** The cluster did not do what was asked: it is away, or it refused. One line for the user; exit code 1. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
