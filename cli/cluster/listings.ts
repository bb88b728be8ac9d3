import { agentId, agentsOf } from './find-one.ts';
import type { Connection } from './master-address.ts';
import { idOf, type Json, list, object, operatorCall, word } from './operator-api.ts';
import type { Output } from './output.ts';
import { resourcesText } from './resource-text.ts';

/** `orrery agents`. */
export async function listAgents(connection: Connection, out: Output): Promise<void> {
  const agents = await agentsOf(connection);
  out.json(agents);
  out.table(
    ['ID', 'HOST', 'STATE', 'TOTAL', 'ALLOCATED', 'OFFERED'],
    agents.map((agent) => [
      agentId(agent),
      word(object(agent['agent_info'])['hostname']),
      agentState(agent),
      resourcesText(agent['total_resources']),
      resourcesText(agent['allocated_resources']),
      resourcesText(agent['offered_resources']),
    ]),
    'no agent is registered',
  );
}

/** What an agent is doing, in one word. */
export function agentState(agent: Json): string {
  const drain = word(object(agent['drain_info'])['state']);
  if (drain === 'DRAINING' || drain === 'DRAINED') return drain.toLowerCase();
  if (agent['deactivated'] === true) return 'deactivated';
  return agent['active'] === false ? 'disconnected' : 'active';
}

/** `orrery frameworks`. */
export async function listFrameworks(connection: Connection, out: Output): Promise<void> {
  const answer = await operatorCall(connection, 'GET_FRAMEWORKS');
  const frameworks = list(answer['frameworks']);
  out.json(frameworks);
  out.table(
    ['ID', 'NAME', 'ROLES', 'STATE', 'OFFERS', 'ALLOCATED'],
    frameworks.map((framework) => {
      const info = object(framework['framework_info']);
      const roles = Array.isArray(info['roles'])
        ? (info['roles'] as unknown[]).map(word)
        : [word(info['role']) || '*'];
      return [
        idOf(info['id']),
        word(info['name']),
        roles.join(',') || '-',
        frameworkState(framework),
        String(list(framework['offers']).length),
        resourcesText(framework['allocated_resources']),
      ];
    }),
    'no framework is subscribed',
  );
}

function frameworkState(framework: Json): string {
  if (framework['recovered'] === true) return 'recovered';
  if (framework['connected'] === false) return 'disconnected';
  return framework['active'] === false ? 'inactive' : 'active';
}

/** Tasks of every kind that GET_TASKS tells. */
export async function tasksOf(connection: Connection, withCompleted: boolean): Promise<readonly Json[]> {
  const answer = await operatorCall(connection, 'GET_TASKS');
  return [
    ...list(answer['tasks']),
    ...list(answer['unreachable_tasks']),
    ...(withCompleted ? list(answer['completed_tasks']) : []),
  ];
}

/** `orrery tasks`. */
export async function listTasks(
  connection: Connection,
  out: Output,
  options: { readonly all: boolean; readonly framework: string | null },
): Promise<void> {
  const tasks = (await tasksOf(connection, options.all)).filter(
    (task) => options.framework === null || idOf(task['framework_id']).endsWith(options.framework),
  );
  out.json(tasks);
  out.table(
    ['ID', 'NAME', 'STATE', 'FRAMEWORK', 'AGENT', 'RESOURCES'],
    tasks.map((task) => [
      idOf(task['task_id']),
      word(task['name']),
      word(task['state']),
      idOf(task['framework_id']),
      idOf(task['agent_id']),
      resourcesText(task['resources']),
    ]),
    options.all ? 'no task is known' : 'no task runs; --all shows those that have ended',
  );
}

/** `orrery offers`. */
export async function listOffers(connection: Connection, out: Output): Promise<void> {
  const answer = await operatorCall(connection, 'GET_FRAMEWORKS');
  const offers = list(answer['frameworks']).flatMap((framework) => list(framework['offers']));
  out.json(offers);
  out.table(
    ['ID', 'FRAMEWORK', 'AGENT', 'ROLE', 'RESOURCES'],
    offers.map((offer) => [
      idOf(offer['id']),
      idOf(offer['framework_id']),
      idOf(offer['agent_id']),
      word(object(offer['allocation_info'])['role']) || '*',
      resourcesText(offer['resources']),
    ]),
    'no offer is outstanding',
  );
}

/** `orrery roles`. */
export async function listRoles(connection: Connection, out: Output): Promise<void> {
  const roles = list((await operatorCall(connection, 'GET_ROLES'))['roles']);
  out.json(roles);
  out.table(
    ['ROLE', 'WEIGHT', 'FRAMEWORKS', 'ALLOCATED'],
    roles.map((role) => [
      word(role['name']),
      word(role['weight']) || '1',
      String(list(role['frameworks']).length),
      resourcesText(role['resources']),
    ]),
    'no role is known',
  );
}

/** `orrery state`. */
export async function showState(connection: Connection, out: Output): Promise<void> {
  const state = await operatorCall(connection, 'GET_STATE');
  out.json(state);
  const agents = list(object(state['get_agents'])['agents']);
  const frameworks = list(object(state['get_frameworks'])['frameworks']);
  const tasks = object(state['get_tasks']);
  const counts = new Map<string, number>();
  for (const task of list(tasks['tasks']))
    counts.set(word(task['state']), (counts.get(word(task['state'])) ?? 0) + 1);
  out.line(`master      ${connection.url}`);
  out.line(
    `agents      ${agents.length} registered, ${agents.filter((one) => one['active'] !== false).length} active, ${list(object(state['get_agents'])['recovered_agents']).length} not back since the election`,
  );
  out.line(
    `frameworks  ${frameworks.length}, ${frameworks.filter((one) => one['connected'] !== false).length} connected`,
  );
  const states = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${count} ${name}`);
  out.line(`tasks       ${states.join(', ') || 'none'}`);
  const ended = [list(tasks['unreachable_tasks']).length, list(tasks['completed_tasks']).length];
  out.line(`            ${ended[0]} unreachable, ${ended[1]} ended and remembered`);
  out.line(`total       ${resourcesText(agents.flatMap((one) => list(one['total_resources'])))}`);
  out.line(`allocated   ${resourcesText(agents.flatMap((one) => list(one['allocated_resources'])))}`);
  out.line(`offered     ${resourcesText(agents.flatMap((one) => list(one['offered_resources'])))}`);
}
