import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ContainerInput, ProcessIo } from '../../../../engine/protocol/index.ts';
import {
  Call_AttachContainerInput_Type,
  type Call_AttachContainerInputSchema,
  type Call_AttachContainerInputValid,
  ProcessIO_Control_Type,
  ProcessIO_Data_Type,
  ProcessIO_Type,
  type ProcessIOSchema,
  type ProcessIOValid,
} from '../../proto/generated/mesos/v1/agent/agent_pb.ts';
import { WireError } from '../message/wire-error.ts';
import { containerIdFromWire, containerIdToWire } from './container-status.ts';
import { microsToNanos, namesOf, nanosToMicros, own, present } from './presence.ts';

const streamName = namesOf(ProcessIO_Data_Type);

export function processIoFromWire(io: ProcessIOValid, path: string): ProcessIo {
  switch (own(io, 'type')) {
    case ProcessIO_Type.DATA: {
      const data = present(io.data, `${path}.data`);
      const type = streamName(own(data, 'type') ?? ProcessIO_Data_Type.UNKNOWN);
      if (type === 'UNKNOWN') throw new WireError(`${path}.data.type`, 'expected STDIN, STDOUT or STDERR');
      return { type: 'DATA', data: { type, data: own(data, 'data') ?? new Uint8Array() } };
    }
    case ProcessIO_Type.CONTROL: {
      const control = present(io.control, `${path}.control`);
      switch (own(control, 'type')) {
        case ProcessIO_Control_Type.TTY_INFO: {
          const { windowSize } = present(control.ttyInfo, `${path}.control.tty_info`);
          return {
            type: 'CONTROL',
            control: {
              type: 'TTY_INFO',
              windowSize:
                windowSize === undefined ? null : { rows: windowSize.rows, columns: windowSize.columns },
            },
          };
        }
        case ProcessIO_Control_Type.HEARTBEAT: {
          const interval = control.heartbeat?.interval;
          return {
            type: 'CONTROL',
            control: {
              type: 'HEARTBEAT',
              interval:
                interval === undefined ? null : nanosToMicros(interval.nanoseconds, `${path}.control`),
            },
          };
        }
        default:
          throw new WireError(`${path}.control.type`, 'expected TTY_INFO or HEARTBEAT');
      }
    }
    default:
      throw new WireError(`${path}.type`, 'expected DATA or CONTROL');
  }
}

export function processIoToWire(io: ProcessIo): MessageInitShape<typeof ProcessIOSchema> {
  if (io.type === 'DATA') {
    return {
      type: ProcessIO_Type.DATA,
      data: { type: ProcessIO_Data_Type[io.data.type], data: io.data.data },
    };
  }
  const { control } = io;
  if (control.type === 'TTY_INFO') {
    return {
      type: ProcessIO_Type.CONTROL,
      control: {
        type: ProcessIO_Control_Type.TTY_INFO,
        ttyInfo: control.windowSize === null ? {} : { windowSize: { ...control.windowSize } },
      },
    };
  }
  return {
    type: ProcessIO_Type.CONTROL,
    control: {
      type: ProcessIO_Control_Type.HEARTBEAT,
      heartbeat:
        control.interval === null ? {} : { interval: { nanoseconds: microsToNanos(control.interval) } },
    },
  };
}

export function containerInputFromWire(input: Call_AttachContainerInputValid, path: string): ContainerInput {
  switch (own(input, 'type')) {
    case Call_AttachContainerInput_Type.CONTAINER_ID:
      return {
        type: 'CONTAINER_ID',
        containerId: containerIdFromWire(present(input.containerId, `${path}.container_id`)),
      };
    case Call_AttachContainerInput_Type.PROCESS_IO:
      return {
        type: 'PROCESS_IO',
        processIo: processIoFromWire(present(input.processIo, `${path}.process_io`), `${path}.process_io`),
      };
    default:
      throw new WireError(`${path}.type`, 'expected CONTAINER_ID or PROCESS_IO');
  }
}

export function containerInputToWire(
  input: ContainerInput,
): MessageInitShape<typeof Call_AttachContainerInputSchema> {
  return input.type === 'CONTAINER_ID'
    ? {
        type: Call_AttachContainerInput_Type.CONTAINER_ID,
        containerId: containerIdToWire(input.containerId),
      }
    : { type: Call_AttachContainerInput_Type.PROCESS_IO, processIo: processIoToWire(input.processIo) };
}
