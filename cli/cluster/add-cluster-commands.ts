import type { Command } from 'commander';
import { parseCount } from '../quantity-arguments.ts';
import { type RawConnection, readConnection } from './master-address.ts';
import { output } from './output.ts';
import type { RawReserveOptions } from './reserve-commands.ts';
import type { RawRunOptions } from './run-command.ts';

function collect(value: string, list: string[]): string[] {
  return [...list, value];
}

/** Options of every command that talks to a cluster. */
function withMaster(command: Command): Command {
  return (
    command
      // What follows a command below it is that one's.
      .enablePositionalOptions()
      .option(
        '--master <address>',
        'host:port or http(s)://host:port (default: ORRERY_MASTER, or 127.0.0.1:5050)',
      )
      .option('--principal <name>', 'who asks (default: ORRERY_PRINCIPAL)')
      .option('--secret-file <file>', "the principal's secret (default: ORRERY_SECRET)")
      .option('--cacert <file>', 'a certificate authority to trust, PEM')
      .option('--json', 'JSON instead of text')
  );
}

/** Options of a command below another one: those that both have are read by the one above. */
const all = (command: Command): RawConnection => command.optsWithGlobals();

const to = (raw: RawConnection) => [readConnection(raw), output(raw.json === true)] as const;

/** The commands that use a running cluster; each loads what it needs when it is called. */
export function addClusterCommands(program: Command, exit: (code: number) => void): void {
  addListings(program);
  addRun(program, exit);
  addTaskCommands(program, exit);
  addQuotaCommands(program);
  addReserve(program);
  addMaintenance(program);
}

function addListings(program: Command): void {
  const agents = withMaster(
    program.command('agents').description('Agents of a cluster, and what becomes of them.'),
  ).action(async (raw: RawConnection) => {
    const { listAgents } = await import('./listings.ts');
    await listAgents(...to(raw));
  });
  for (const [name, how, description] of [
    ['deactivate', 'DEACTIVATE_AGENT', 'Offer nothing of an agent any more; what runs goes on.'],
    ['reactivate', 'REACTIVATE_AGENT', 'Offer an agent again that was deactivated or drained.'],
    ['gone', 'MARK_AGENT_GONE', 'Say that an agent never comes back; its tasks are gone.'],
  ] as const) {
    withMaster(agents.command(`${name} <agent>`).description(description)).action(
      async (agent: string, _raw: RawConnection, command: Command) => {
        const { changeAgent } = await import('./agent-commands.ts');
        await changeAgent(...to(all(command)), how, agent);
      },
    );
  }
  withMaster(
    program
      .command('drain <agent>')
      .description('Kill what runs on an agent and offer nothing of it any more.'),
  )
    .option('--max-grace <duration>', 'no task has longer to end than this')
    .option('--mark-gone', 'when it is drained, say that the agent never comes back')
    .option('--wait', 'until it is drained')
    .action(
      async (
        agent: string,
        raw: RawConnection & { maxGrace?: string; markGone?: boolean; wait?: boolean },
      ) => {
        const { drain } = await import('./agent-commands.ts');
        await drain(...to(raw), agent, raw);
      },
    );
  const frameworks = withMaster(program.command('frameworks').description('Frameworks of a cluster.')).action(
    async (raw: RawConnection) => {
      const { listFrameworks } = await import('./listings.ts');
      await listFrameworks(...to(raw));
    },
  );
  withMaster(
    frameworks.command('teardown <framework>').description('Remove a framework and kill its tasks.'),
  ).action(async (framework: string, _raw: RawConnection, command: Command) => {
    const { teardown } = await import('./agent-commands.ts');
    await teardown(...to(all(command)), framework);
  });
  withMaster(program.command('tasks').description('Tasks of a cluster.'))
    .option('--all', 'those that have ended as well')
    .option('--framework <id>', 'of one framework')
    .action(async (raw: RawConnection & { all?: boolean; framework?: string }) => {
      const { listTasks } = await import('./listings.ts');
      await listTasks(...to(raw), { all: raw.all === true, framework: raw.framework ?? null });
    });
  for (const [name, description, list] of [
    ['offers', 'Outstanding offers.', 'listOffers'],
    ['roles', 'Roles, and what they hold.', 'listRoles'],
    ['state', 'The cluster in a few lines, or all of it with --json.', 'showState'],
  ] as const) {
    withMaster(program.command(name).description(description)).action(async (raw: RawConnection) => {
      const listings = await import('./listings.ts');
      await listings[list](...to(raw));
    });
  }
}

function addRun(program: Command, exit: (code: number) => void): void {
  withMaster(
    program
      .command('run [command...]')
      .description(
        'Run one task: a shell line in one word, or a program and its arguments after --. Shows what it says, and ends as it ends.',
      ),
  )
    .option('--name <text>', 'of the task')
    .option('--cpus <amount>', 'cpus of the task', '0.1')
    .option('--mem <MiB>', 'memory of the task', '64')
    .option('--disk <MiB>', 'disk of the task')
    .option('--gpus <amount>', 'gpus of the task')
    .option('--image <name>', 'a Docker image to run in')
    .option('--env <name=value>', 'a variable of its environment; may be repeated', collect, [])
    .option('--uri <uri>', 'a file to fetch into its sandbox; may be repeated', collect, [])
    .option('--role <name>', 'role whose offers it takes', '*')
    .option('--user <name>', 'user of the host that it runs as')
    .option('--grace <seconds>', 'between SIGTERM and SIGKILL when it is killed')
    .action(async (command: string[], raw: RawConnection & RawRunOptions) => {
      const { run } = await import('./run-command.ts');
      exit(await run(readConnection(raw), command, raw));
    });
}

function addTaskCommands(program: Command, exit: (code: number) => void): void {
  withMaster(program.command('logs <task>').description('What a task says.'))
    .option('-f, --follow', 'go on until the task has ended')
    .option('--stderr', 'its standard error')
    .option('-n, --lines <count>', 'begin with so many last lines')
    .action(
      async (task: string, raw: RawConnection & { follow?: boolean; stderr?: boolean; lines?: string }) => {
        const lines = raw.lines === undefined ? null : parseCount('--lines', raw.lines, 0);
        const { logs } = await import('./logs-command.ts');
        await logs(readConnection(raw), task, {
          follow: raw.follow === true,
          stderr: raw.stderr === true,
          lines,
        });
      },
    );
  withMaster(program.command('exec <task> <command...>').description('Run a command inside a running task.'))
    .option('-i, --interactive', 'pass standard input on')
    .option('-t, --tty', 'with a terminal')
    .action(
      async (
        task: string,
        command: string[],
        raw: RawConnection & { interactive?: boolean; tty?: boolean },
      ) => {
        const { exec } = await import('./exec-command.ts');
        const options = { interactive: raw.interactive === true, tty: raw.tty === true };
        exit(await exec(readConnection(raw), task, command, options));
      },
    );
}

function addQuotaCommands(program: Command): void {
  const quota = withMaster(program.command('quota').description('Quotas of roles.')).action(
    async (raw: RawConnection) => {
      const { listQuota } = await import('./quota-commands.ts');
      await listQuota(...to(raw));
    },
  );
  withMaster(quota.command('set <role>').description('Set the quota of a top-level role.'))
    .option('--guarantee <amounts>', "what it may always have, such as 'cpus:10;mem:4096'")
    .option('--limit <amounts>', 'what it never exceeds')
    .option('--force', 'whatever the cluster has and the role uses')
    .action(
      async (
        role: string,
        raw: { guarantee?: string; limit?: string; force?: boolean },
        command: Command,
      ) => {
        const { setQuota } = await import('./quota-commands.ts');
        await setQuota(...to(all(command)), role, raw);
      },
    );
  withMaster(quota.command('remove <role>').description('Take the quota of a role away.')).action(
    async (role: string, _raw: RawConnection, command: Command) => {
      const { removeQuota } = await import('./quota-commands.ts');
      await removeQuota(...to(all(command)), role);
    },
  );
  const weights = withMaster(program.command('weights').description('Weights of roles.')).action(
    async (raw: RawConnection) => {
      const { listWeights } = await import('./quota-commands.ts');
      await listWeights(...to(raw));
    },
  );
  withMaster(weights.command('set <weights...>').description('Set weights, such as eng=2 ops=0.5.')).action(
    async (texts: string[], _raw: RawConnection, command: Command) => {
      const { setWeights } = await import('./quota-commands.ts');
      await setWeights(...to(all(command)), texts);
    },
  );
}

function addReserve(program: Command): void {
  for (const [name, how, description] of [
    ['reserve', 'RESERVE_RESOURCES', 'Reserve resources of an agent for a role.'],
    ['unreserve', 'UNRESERVE_RESOURCES', 'Give reserved resources of an agent back.'],
  ] as const) {
    withMaster(program.command(`${name} <agent>`).description(description))
      .requiredOption('--role <name>', 'the role that they are reserved for')
      .requiredOption('--resources <amounts>', "such as 'cpus:2;mem:1024'")
      .option('--reserved-by <principal>', 'the principal of the reservation')
      .option('--label <key=value>', 'a label of the reservation; may be repeated', collect, [])
      .action(async (agent: string, raw: RawConnection & RawReserveOptions) => {
        const { reserve } = await import('./reserve-commands.ts');
        await reserve(...to(raw), how, agent, raw);
      });
  }
}

function addMaintenance(program: Command): void {
  const maintenance = withMaster(
    program.command('maintenance').description('Planned outages of machines, each named HOST/IP.'),
  ).action(async (raw: RawConnection) => {
    const { showMaintenance } = await import('./maintenance-commands.ts');
    await showMaintenance(...to(raw));
  });
  withMaster(
    maintenance
      .command('schedule <machines...>')
      .description('Machines that go down together: frameworks are asked to leave.'),
  )
    .option('--in <duration>', 'when the outage begins, from now', '0s')
    .option('--for <duration>', 'how long it lasts (default: without end)')
    .action(async (machines: string[], raw: { in: string; for?: string }, command: Command) => {
      const { schedule } = await import('./maintenance-commands.ts');
      await schedule(...to(all(command)), machines, raw);
    });
  withMaster(
    maintenance.command('cancel <machines...>').description('Take machines off the schedule.'),
  ).action(async (machines: string[], _raw: RawConnection, command: Command) => {
    const { cancel } = await import('./maintenance-commands.ts');
    await cancel(...to(all(command)), machines);
  });
  for (const [name, how, description] of [
    ['start', 'START_MAINTENANCE', 'Scheduled machines go down: their agents end with all that runs.'],
    ['stop', 'STOP_MAINTENANCE', 'Machines come up again.'],
  ] as const) {
    withMaster(maintenance.command(`${name} <machines...>`).description(description)).action(
      async (machines: string[], _raw: RawConnection, command: Command) => {
        const { change } = await import('./maintenance-commands.ts');
        await change(...to(all(command)), how, machines);
      },
    );
  }
}
