import { parseDuration } from '../quantity-arguments.ts';
import { UsageError } from '../usage-error.ts';
import type { Connection } from './master-address.ts';
import { type Json, list, object, operatorCall, word } from './operator-api.ts';
import type { Output } from './output.ts';

/** `orrery maintenance`: the schedule, and what is draining or down. */
export async function showMaintenance(connection: Connection, out: Output): Promise<void> {
  const schedule = object((await operatorCall(connection, 'GET_MAINTENANCE_SCHEDULE'))['schedule']);
  const status = object((await operatorCall(connection, 'GET_MAINTENANCE_STATUS'))['status']);
  out.json({ schedule, status });
  const down = new Set(list(status['down_machines']).map(machineText));
  const rows = list(schedule['windows']).flatMap((window) => {
    const { start, duration } = object(window['unavailability']);
    const from = instant(object(start)['nanoseconds']);
    const length =
      duration === undefined ? 'without end' : `${Number(object(duration)['nanoseconds']) / 1e9} s`;
    return list(window['machine_ids']).map((id) => [
      machineText(id),
      down.has(machineText(id)) ? 'down' : 'draining',
      from,
      length,
    ]);
  });
  out.table(['MACHINE', 'MODE', 'FROM', 'FOR'], rows, 'no maintenance is scheduled');
}

/** `orrery maintenance schedule`: machines that become unavailable together, added to the schedule. */
export async function schedule(
  connection: Connection,
  out: Output,
  machines: readonly string[],
  options: { readonly in: string; readonly for?: string },
): Promise<void> {
  const ids = machines.map(machineId);
  const begin = Date.now() * 1e6 + parseDuration('--in', options.in) * 1_000;
  const span = options.for === undefined ? null : parseDuration('--for', options.for) * 1_000;
  const window = {
    machine_ids: ids,
    unavailability: {
      start: { nanoseconds: Math.round(begin) },
      ...(span === null ? {} : { duration: { nanoseconds: span } }),
    },
  };
  const windows = await without(connection, new Set(ids.map(machineText)));
  await operatorCall(connection, 'UPDATE_MAINTENANCE_SCHEDULE', {
    schedule: { windows: [...windows, window] },
  });
  out.json(window);
  for (const id of ids) out.line(`machine ${machineText(id)}: draining`);
}

/** `orrery maintenance cancel`: machines leave the schedule. */
export async function cancel(
  connection: Connection,
  out: Output,
  machines: readonly string[],
): Promise<void> {
  const ids = machines.map(machineId);
  const windows = await without(connection, new Set(ids.map(machineText)));
  await operatorCall(connection, 'UPDATE_MAINTENANCE_SCHEDULE', { schedule: { windows } });
  out.json({ machines: ids });
  for (const id of ids) out.line(`machine ${machineText(id)}: up`);
}

/** `orrery maintenance start|stop`. */
export async function change(
  connection: Connection,
  out: Output,
  how: 'START_MAINTENANCE' | 'STOP_MAINTENANCE',
  machines: readonly string[],
): Promise<void> {
  const ids = machines.map(machineId);
  await operatorCall(connection, how, { machines: ids });
  out.json({ machines: ids });
  for (const id of ids)
    out.line(`machine ${machineText(id)}: ${how === 'START_MAINTENANCE' ? 'down' : 'up'}`);
}

/** The schedule's windows without these machines. */
async function without(connection: Connection, machines: ReadonlySet<string>): Promise<readonly Json[]> {
  const answer = await operatorCall(connection, 'GET_MAINTENANCE_SCHEDULE');
  return list(object(answer['schedule'])['windows'])
    .map((window) => ({
      ...window,
      machine_ids: list(window['machine_ids']).filter((id) => !machines.has(machineText(id))),
    }))
    .filter((window) => window.machine_ids.length > 0);
}

/** `HOST/IP`: a machine has both (spec 10 §1). Throws UsageError. */
function machineId(text: string): Json {
  const at = text.indexOf('/');
  if (at < 1 || at === text.length - 1)
    throw new UsageError(
      `${text}: not a machine; give HOST/IP as the agent tells them, such as node-1/10.0.0.1`,
    );
  return { hostname: text.slice(0, at), ip: text.slice(at + 1) };
}

function machineText(id: Json): string {
  return `${word(id['hostname'])}/${word(id['ip'])}`;
}

function instant(nanoseconds: unknown): string {
  return new Date(Number(nanoseconds) / 1e6).toISOString();
}
