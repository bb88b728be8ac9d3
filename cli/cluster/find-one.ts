import { UsageError } from '../usage-error.ts';
import { type Connection } from './master-address.ts';
import { idOf, type Json, list, object, operatorCall, word } from './operator-api.ts';

/**
 * The one entity whose id is `text`, ends in it, or begins with it. Throws UsageError: none, or several.
 *
 * @param what such as `agent`
 */
export function findOne<T>(what: string, text: string, all: readonly T[], id: (one: T) => string): T {
  const exact = all.filter((one) => id(one) === text);
  const near = all.filter((one) => id(one).endsWith(text) || id(one).startsWith(text));
  const found = exact.length > 0 ? exact : near;
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const some = all.slice(0, 5).map(id).join(', ');
    throw new UsageError(
      `no ${what} is called ${text}${some === '' ? `; there is none` : `; there is ${some}${all.length > 5 ? ' …' : ''}`}`,
    );
  }
  throw new UsageError(
    `${found.length} ${what}s are called ${text}: ${found.slice(0, 5).map(id).join(', ')}; give more of the id`,
  );
}

/** Agents of the cluster, as GET_AGENTS tells them. */
export async function agentsOf(connection: Connection): Promise<readonly Json[]> {
  return list((await operatorCall(connection, 'GET_AGENTS'))['agents']);
}

/** An agent by id or host name. */
export async function findAgent(connection: Connection, text: string): Promise<Json> {
  const agents = await agentsOf(connection);
  const byHost = agents.filter((one) => word(object(one['agent_info'])['hostname']) === text);
  return byHost.length === 1 ? byHost[0]! : findOne('agent', text, agents, (one) => agentId(one));
}

export function agentId(agent: Json): string {
  return idOf(object(agent['agent_info'])['id']);
}

/** Where an agent's own API is reached. */
export function agentConnection(agent: Json, connection: Connection): Connection {
  const info = object(agent['agent_info']);
  const scheme = connection.url.startsWith('https:') ? 'https' : 'http';
  // `pid` is slave(1)@ip:port.
  const address = word(agent['pid']).split('@')[1] ?? `${word(info['hostname'])}:${word(info['port'])}`;
  return { ...connection, url: `${scheme}://${address}`, isAgent: true };
}
