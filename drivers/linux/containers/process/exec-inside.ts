import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { ContainerLaunchError, type ExecOptions, type ExecSession } from '../container-runtime.ts';

interface Inside {
  readonly cwd: string;
  readonly environment: { readonly [name: string]: string };
  /** The container's cgroup; empty where it has none. */
  readonly procsFiles: readonly string[];
}

/** Joins the cgroup, then becomes the command. */
const JOIN = 'for file in $1; do echo $$ > "$file" || exit 125; done; shift; exec "$@"';

/** Runs a command beside a container's processes: same files, same environment, same limits. */
export async function execInside(options: ExecOptions, inside: Inside): Promise<ExecSession> {
  const { argv, terminal } = options;
  const joined = ['/bin/sh', '-c', JOIN, 'sh', inside.procsFiles.join(' '), ...argv];
  const [program, ...args] = terminal === null ? joined : inTerminal(joined, terminal);
  const child = spawn(program!, args, {
    cwd: inside.cwd,
    env: {
      ...inside.environment,
      ...(terminal === null ? {} : { TERM: inside.environment['TERM'] ?? 'xterm' }),
    },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0),
  );
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(new ContainerLaunchError(`${program} cannot be started: ${error.message}`, { cause: error }));
    });
  });
  // A reader that is gone ends the session, not the agent.
  child.stdin.on('error', () => {
    child.stdin.destroy();
  });
  if (terminal !== null) child.stderr.resume();
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: terminal === null ? child.stderr : null,
    // `script` owns the terminal and takes no size from here after the start.
    resize: () => Promise.resolve(),
    kill() {
      if (child.exitCode === null && child.pid !== undefined) killGroup(child.pid);
    },
    ended,
  };
}

/** `script` of util-linux makes the terminal. */
function inTerminal(
  argv: readonly string[],
  { rows, columns }: { rows: number; columns: number },
): readonly string[] {
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return ['script', '-qefc', `stty rows ${rows} columns ${columns}; exec ${quoted}`, '/dev/null'];
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
