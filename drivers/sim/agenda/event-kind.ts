/** Kinds of the simulator's events. In brackets: what `target` and `detail` are. */

/** [connection] A message of a party reaches the master; the payload is the message. */
export const MESSAGE_AT_MASTER = 0;
/** [connection] A message of the master reaches the party; the payload is the message. */
export const MESSAGE_AT_PARTY = 1;
/** [connection] The master's end learns that the other end closed. */
export const CLOSED_AT_MASTER = 2;
/** [connection] The party's end learns that the other end closed. */
export const CLOSED_AT_PARTY = 3;
/** [connection] The master's end has waited long enough for a broken connection. */
export const TIMEOUT_AT_MASTER = 4;
/** [connection] The party's end has waited long enough for a broken connection. */
export const TIMEOUT_AT_PARTY = 5;
/** [party, attempt] The party tries to connect. */
export const CONNECT = 6;
/** [container, generation] */
export const CONTAINER_STARTED = 7;
/** [container, generation] */
export const CONTAINER_EXITED = 8;
/** [–, epoch] */
export const MASTER_TIMER = 9;
/** [machine] */
export const AGENT_TIMER = 10;
/** [framework] */
export const FRAMEWORK_TIMER = 11;
/** [–] The next jobs of the workload arrive. */
export const JOBS_ARRIVE = 12;
/** [–, epoch] The ping timeout after a round of pings is over. */
export const PINGS_ANSWERED = 13;
/** [machine, connection] The agent has had no ping for the total timeout. */
export const PINGS_MISSED_AT_AGENT = 14;
/** [–, epoch] The registry's write in flight is durable. */
export const REGISTRY_WRITTEN = 15;
/** [–, epoch] The registry's write in flight has taken too long. */
export const REGISTRY_TIMEOUT = 16;
/** [–, epoch] A new master is elected. */
export const MASTER_ELECTED = 17;
/** [–] A sample of the cluster is due. */
export const SAMPLE = 18;
/** [machine, incarnation] The machine, or the agent's process on it, is back. */
export const AGENT_RETURNS = 19;
/** [machine, freeze] The agent's process goes on. */
export const AGENT_THAWS = 20;
/** [–] The next planned fault strikes. */
export const FAULT = 21;
/** [–] The faults of the next window of time are drawn. */
export const FAULTS_DRAWN = 22;
/** [partition] A partition heals. */
export const PARTITION_HEALS = 23;
/** [–] The next change of the fleet that the trace records. */
export const MACHINE_EVENT = 24;
/** [–, –] A slow registry is itself again. */
export const REGISTRY_RECOVERS = 25;
