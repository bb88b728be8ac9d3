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
/** [master] */
export const MASTER_TIMER = 9;
/** [machine] */
export const AGENT_TIMER = 10;
/** [framework] */
export const FRAMEWORK_TIMER = 11;
/** [–] The next jobs of the workload arrive. */
export const JOBS_ARRIVE = 12;
/** [master, epoch] The ping timeout after a round of pings is over. */
export const PINGS_ANSWERED = 13;
/** [machine, connection] The agent has had no ping for the total timeout. */
export const PINGS_MISSED_AT_AGENT = 14;
/** [–, process] The registry's write in flight is durable. */
export const REGISTRY_WRITTEN = 15;
/** [–, process] The registry's write in flight has taken too long. */
export const REGISTRY_TIMEOUT = 16;
/** [master, outages] A master's process starts. */
export const MASTER_STARTS = 17;
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
/** [–] The next change of the fleet that the trace records. */
export const MACHINE_EVENT = 24;
/** [number] Something rare that the run has noted: `World.later`. */
export const LATER = 25;
/** [master, outages] A master's process goes on. */
export const MASTER_THAWS = 26;
/** [question] The authorizer answers. */
export const AUTHORIZED = 27;
/** [call] A request reaches the store. */
export const STORE_CALLED = 28;
/** [call] The store carries a request out. */
export const STORE_APPLIES = 29;
/** [call] The store's answer reaches its client. */
export const STORE_ANSWERS = 30;
/** [call] A client of the store has waited long enough. */
export const STORE_TIMEOUT = 31;
/** [watch] Changes reach a watcher. */
export const STORE_WATCHED = 32;
/** [–] The store looks for leases that have run out. */
export const LEASES_EXPIRE = 33;
/** [master, outages] A master's session with the store wants a tick. */
export const SESSION_TIMER = 34;
/** [party] The party hears who leads. */
export const LEADER_DETECTED = 35;
/** [machine, container] A container has the resources that its agent ordered for it. */
export const CONTAINER_UPDATED = 36;
