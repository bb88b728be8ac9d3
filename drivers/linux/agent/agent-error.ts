/** The agent cannot start, or cannot go on; the message says why and what to do. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
}
