import type { ContainerSpec as OrderedContainer } from '../../../engine/agent/index.ts';
import type { CommandInfo } from '../../../engine/protocol/index.ts';
import { ContainerLaunchError } from '../containers/container-runtime.ts';
import { durationText } from '../flags/flag-values.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentParts {
  readonly agentText: string;
  readonly frameworkText: string;
  readonly executorText: string;
  /** Null for executors. */
  readonly taskText: string | null;
  readonly ip: string;
  readonly port: number;
  /** On the host. */
  readonly sandbox: string;
  /** Where the container finds it. */
  readonly sandboxInside: string;
  readonly hasImage: boolean;
  /** For every container (`--executor_environment_variables`). */
  readonly additional: { readonly [name: string]: string };
  readonly token: string | null;
}

/** Environment of a container (spec 04 §5); what the command says wins. Throws ContainerLaunchError. */
export function taskEnvironment(
  spec: OrderedContainer,
  command: CommandInfo | null,
  parts: EnvironmentParts,
): { readonly [name: string]: string } {
  const environment: Record<string, string> = {
    // An image says where its programs are.
    ...(parts.hasImage ? {} : { PATH }),
    ...parts.additional,
    MESOS_FRAMEWORK_ID: parts.frameworkText,
    MESOS_EXECUTOR_ID: parts.executorText,
    MESOS_SLAVE_ID: parts.agentText,
    MESOS_SLAVE_PID: `slave(1)@${parts.ip}:${parts.port}`,
    MESOS_AGENT_ENDPOINT: `${parts.ip}:${parts.port}`,
    MESOS_DIRECTORY: parts.sandbox,
    MESOS_SANDBOX: parts.sandboxInside,
    MESOS_ALLOCATION_ROLE: spec.role,
    MESOS_CHECKPOINT: spec.framework.checkpoint ? '1' : '0',
  };
  if (parts.taskText !== null) environment['MESOS_TASK_ID'] = parts.taskText;
  if (spec.kind === 'podTask') environment['MESOS_CONTAINER_IP'] = parts.ip;
  if (spec.kind === 'customExecutor') {
    const { recoveryTimeout, subscriptionBackoffMax, shutdownGracePeriod } = spec.environment;
    environment['MESOS_HTTP_COMMAND_EXECUTOR'] = '0';
    environment['MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD'] = durationText(shutdownGracePeriod);
    if (recoveryTimeout !== null) environment['MESOS_RECOVERY_TIMEOUT'] = durationText(recoveryTimeout);
    if (subscriptionBackoffMax !== null)
      environment['MESOS_SUBSCRIPTION_BACKOFF_MAX'] = durationText(subscriptionBackoffMax);
    environment['LIBPROCESS_IP'] = parts.ip;
    environment['LIBPROCESS_PORT'] = '0';
    if (parts.token !== null) environment['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'] = parts.token;
  }
  for (const { name, value, secret } of command?.environment ?? []) {
    const text = value ?? secret ?? '';
    if (name === '' || name.includes('=') || name.includes('\0') || text.includes('\0'))
      throw new ContainerLaunchError(
        `the environment variable ${JSON.stringify(name)} cannot be set: a name has no '=', neither has a zero byte`,
      );
    environment[name] = text;
  }
  return environment;
}
