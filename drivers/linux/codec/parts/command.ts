import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CommandInfo, EnvironmentVariable } from '../../../../engine/protocol/index.ts';
import {
  type CommandInfoSchema,
  type CommandInfoValid,
  Environment_Variable_Type,
  type Environment_VariableValid,
  Secret_Type,
  type SecretSchema,
  type SecretValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { own } from './presence.ts';

/** `Secret` as the engine holds it: the value itself as text, or the name of the reference. */
export function secretFromWire(secret: SecretValid | undefined): string | null {
  if (secret === undefined) return null;
  if (secret.value !== undefined) return Buffer.from(secret.value.data).toString('utf8');
  return secret.reference === undefined ? null : secret.reference.name;
}

export function secretReferenceToWire(name: string): MessageInitShape<typeof SecretSchema> {
  return { type: Secret_Type.REFERENCE, reference: { name } };
}

function variableFromWire(variable: Environment_VariableValid): EnvironmentVariable {
  const { name, type } = variable;
  return {
    name,
    type:
      type === Environment_Variable_Type.SECRET
        ? 'SECRET'
        : type === Environment_Variable_Type.VALUE
          ? 'VALUE'
          : 'UNKNOWN',
    value: own(variable, 'value'),
    secret: secretFromWire(variable.secret),
  };
}

export function commandFromWire(command: CommandInfoValid | undefined): CommandInfo | null {
  if (command === undefined) return null;
  return {
    value: own(command, 'value'),
    shell: command.shell,
    args: [...command.arguments],
    user: own(command, 'user'),
    environment: command.environment?.variables.map(variableFromWire) ?? [],
    uris: command.uris.map((uri) => ({
      value: uri.value,
      executable: uri.executable,
      extract: uri.extract,
      cache: uri.cache,
      outputFile: own(uri, 'outputFile'),
    })),
  };
}

export function commandToWire(command: CommandInfo): MessageInitShape<typeof CommandInfoSchema> {
  return {
    ...(command.value === null ? {} : { value: command.value }),
    shell: command.shell,
    arguments: [...command.args],
    ...(command.user === null ? {} : { user: command.user }),
    ...(command.environment.length === 0
      ? {}
      : {
          environment: {
            variables: command.environment.map((variable) => ({
              name: variable.name,
              type: Environment_Variable_Type[variable.type],
              ...(variable.value === null ? {} : { value: variable.value }),
              ...(variable.secret === null
                ? {}
                : { secret: { type: Secret_Type.VALUE, value: { data: Buffer.from(variable.secret) } } }),
            })),
          },
        }),
    uris: command.uris.map((uri) => ({
      value: uri.value,
      executable: uri.executable,
      extract: uri.extract,
      cache: uri.cache,
      ...(uri.outputFile === null ? {} : { outputFile: uri.outputFile }),
    })),
  };
}
