import type { Labels } from './labels.ts';

/** `CommandInfo`. With `shell` the value goes to a shell, else it is a program run with `args`. */
export interface CommandInfo {
  readonly value: string | null;
  readonly shell: boolean;
  readonly args: readonly string[];
  readonly user: string | null;
  readonly environment: readonly EnvironmentVariable[];
  readonly uris: readonly CommandUri[];
}

/** `Environment.Variable`: VALUE carries `value`, SECRET carries `secret` (spec 03 §6 rule 9). */
export interface EnvironmentVariable {
  readonly name: string;
  readonly type: 'VALUE' | 'SECRET' | 'UNKNOWN';
  readonly value: string | null;
  readonly secret: string | null;
}

/** `CommandInfo.URI`: a file to fetch into the sandbox. */
export interface CommandUri {
  readonly value: string;
  readonly executable: boolean;
  readonly extract: boolean;
  readonly cache: boolean;
  readonly outputFile: string | null;
}

/** `Volume`: exactly one of `hostPath`, `image`, `source` (spec 03 §6 rule 10). */
export interface Volume {
  readonly containerPath: string;
  readonly mode: 'RW' | 'RO';
  readonly hostPath: string | null;
  readonly image: string | null;
  readonly source:
    | { readonly type: 'SANDBOX_PATH'; readonly parent: boolean; readonly path: string }
    | { readonly type: 'HOST_PATH'; readonly path: string }
    | { readonly type: 'DOCKER_VOLUME'; readonly driver: string | null; readonly name: string }
    | { readonly type: 'SECRET'; readonly reference: string }
    | null;
}

/** `ContainerInfo.DockerInfo`. */
export interface DockerInfo {
  readonly image: string;
  readonly network: 'HOST' | 'BRIDGE' | 'NONE' | 'USER' | null;
  readonly portMappings: readonly {
    readonly hostPort: number;
    readonly containerPort: number;
    readonly protocol: string | null;
  }[];
  readonly privileged: boolean;
  readonly parameters: readonly { readonly key: string; readonly value: string }[];
  readonly forcePullImage: boolean;
}

/** `ContainerInfo`. */
export interface ContainerInfo {
  readonly type: 'DOCKER' | 'MESOS';
  readonly hostname: string | null;
  readonly volumes: readonly Volume[];
  readonly docker: DockerInfo | null;
  readonly image: string | null;
  readonly networks: readonly string[];
  readonly shareCgroups: boolean | null;
}

/** `DiscoveryInfo`: how others find the task. */
export interface DiscoveryInfo {
  readonly visibility: 'FRAMEWORK' | 'CLUSTER' | 'EXTERNAL';
  readonly name: string | null;
  readonly environment: string | null;
  readonly location: string | null;
  readonly version: string | null;
  readonly ports: readonly {
    readonly number: number;
    readonly name: string | null;
    readonly protocol: string | null;
  }[];
  readonly labels: Labels | null;
}
