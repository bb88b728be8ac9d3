import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AgentApiCall, ContainerImage } from '../../../engine/protocol/index.ts';
import { Call_Type, type CallSchema, type CallValid } from '../proto/generated/mesos/v1/agent/agent_pb.ts';
import {
  Image_Type,
  type ImageSchema,
  type ImageValid,
  Secret_Type,
} from '../proto/generated/mesos/v1/mesos_pb.ts';
import { WireError } from './message/wire-error.ts';
import { commandFromWire, commandToWire, secretFromWire } from './parts/command.ts';
import { containerFromWire, containerToWire } from './parts/container.ts';
import { containerIdFromWire, containerIdToWire } from './parts/container-status.ts';
import { labelsFromWire, labelsToWire } from './parts/labels.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { processCallFromWire, processCallToWire } from './parts/process-call.ts';
import { containerInputFromWire, containerInputToWire } from './parts/process-io.ts';
import { providerFromWire, providerToWire } from './parts/resource-provider.ts';
import { resourcesFromWire, resourcesToWire } from './parts/resources.ts';
import { limitsOfTaskFromWire, limitsOfTaskToWire } from './parts/task-info.ts';

const callType = namesOf(Call_Type);

export function agentCallType(call: CallValid): AgentApiCall['type'] | 'UNKNOWN' {
  const type = own(call, 'type');
  if (type === null) throw new WireError('', "Expecting 'type' to be present");
  return callType(type);
}

/** A call of an agent's operator. Throws WireError. */
export function agentCallFromWire(call: CallValid, type: AgentApiCall['type']): AgentApiCall {
  switch (type) {
    case 'GET_HEALTH':
    case 'GET_FLAGS':
    case 'GET_VERSION':
    case 'GET_LOGGING_LEVEL':
    case 'GET_METRICS':
    case 'SET_LOGGING_LEVEL':
    case 'LIST_FILES':
    case 'READ_FILE':
      return processCallFromWire(type, call);
    case 'GET_CONTAINERS':
      // Without the message nothing but executors' containers is meant.
      return {
        type,
        showNested: call.getContainers?.showNested ?? false,
        showStandalone: call.getContainers?.showStandalone ?? false,
      };
    case 'LAUNCH_CONTAINER': {
      const launch = present(call.launchContainer, 'launch_container');
      return {
        type,
        containerId: containerIdFromWire(launch.containerId),
        command: commandFromWire(launch.command),
        resources: resourcesFromWire(launch.resources, 'launch_container.resources'),
        container: containerFromWire(launch.container),
        limits: limitsOfTaskFromWire(launch.limits, 'launch_container.limits'),
      };
    }
    case 'LAUNCH_NESTED_CONTAINER':
    case 'LAUNCH_NESTED_CONTAINER_SESSION': {
      const launch =
        type === 'LAUNCH_NESTED_CONTAINER'
          ? present(call.launchNestedContainer, 'launch_nested_container')
          : present(call.launchNestedContainerSession, 'launch_nested_container_session');
      return {
        type,
        containerId: containerIdFromWire(launch.containerId),
        command: commandFromWire(launch.command),
        container: containerFromWire(launch.container),
      };
    }
    case 'WAIT_NESTED_CONTAINER':
      return containerCall(type, present(call.waitNestedContainer, 'wait_nested_container'));
    case 'REMOVE_NESTED_CONTAINER':
      return containerCall(type, present(call.removeNestedContainer, 'remove_nested_container'));
    case 'WAIT_CONTAINER':
      return containerCall(type, present(call.waitContainer, 'wait_container'));
    case 'REMOVE_CONTAINER':
      return containerCall(type, present(call.removeContainer, 'remove_container'));
    case 'ATTACH_CONTAINER_OUTPUT':
      return containerCall(type, present(call.attachContainerOutput, 'attach_container_output'));
    case 'KILL_NESTED_CONTAINER':
    case 'KILL_CONTAINER': {
      const kill =
        type === 'KILL_CONTAINER'
          ? present(call.killContainer, 'kill_container')
          : present(call.killNestedContainer, 'kill_nested_container');
      return { type, containerId: containerIdFromWire(kill.containerId), signal: own(kill, 'signal') };
    }
    case 'ATTACH_CONTAINER_INPUT': {
      const input = present(call.attachContainerInput, 'attach_container_input');
      return { type, input: containerInputFromWire(input, 'attach_container_input') };
    }
    case 'ADD_RESOURCE_PROVIDER_CONFIG': {
      const { info } = present(call.addResourceProviderConfig, 'add_resource_provider_config');
      return { type, info: providerFromWire(info, 'add_resource_provider_config.info') };
    }
    case 'UPDATE_RESOURCE_PROVIDER_CONFIG': {
      const { info } = present(call.updateResourceProviderConfig, 'update_resource_provider_config');
      return { type, info: providerFromWire(info, 'update_resource_provider_config.info') };
    }
    case 'REMOVE_RESOURCE_PROVIDER_CONFIG': {
      const remove = present(call.removeResourceProviderConfig, 'remove_resource_provider_config');
      return { type, providerType: remove.type, name: remove.name };
    }
    case 'MARK_RESOURCE_PROVIDER_GONE': {
      const { resourceProviderId } = present(call.markResourceProviderGone, 'mark_resource_provider_gone');
      return { type, resourceProviderId: resourceProviderId.value };
    }
    case 'PRUNE_IMAGES':
      return { type, excludedImages: (call.pruneImages?.excludedImages ?? []).map(imageFromWire) };
    default:
      return { type };
  }
}

type ContainerOnly = Exclude<
  Extract<AgentApiCall, { readonly containerId: unknown }>,
  { readonly command: unknown } | { readonly signal: unknown }
>;

function containerCall(
  type: ContainerOnly['type'],
  { containerId }: { readonly containerId: Parameters<typeof containerIdFromWire>[0] },
): ContainerOnly {
  return { type, containerId: containerIdFromWire(containerId) };
}

function imageFromWire(image: ImageValid): ContainerImage {
  const { cached } = image;
  if (image.type === Image_Type.DOCKER) {
    const docker = present(image.docker, 'excluded_images.docker');
    return { type: 'DOCKER', name: docker.name, config: secretFromWire(docker.config), cached };
  }
  const appc = present(image.appc, 'excluded_images.appc');
  return { type: 'APPC', name: appc.name, id: own(appc, 'id'), labels: labelsFromWire(appc.labels), cached };
}

function imageToWire(image: ContainerImage): MessageInitShape<typeof ImageSchema> {
  const { name, cached } = image;
  if (image.type === 'DOCKER') {
    const { config } = image;
    return {
      type: Image_Type.DOCKER,
      docker: {
        name,
        ...(config === null ? {} : { config: { type: Secret_Type.REFERENCE, reference: { name: config } } }),
      },
      cached,
    };
  }
  const { id, labels } = image;
  return {
    type: Image_Type.APPC,
    appc: {
      name,
      ...(id === null ? {} : { id }),
      ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    },
    cached,
  };
}

/** For clients: the message of a call. */
export function agentCallToWire(call: AgentApiCall): MessageInitShape<typeof CallSchema> {
  const type = Call_Type[call.type];
  switch (call.type) {
    case 'GET_METRICS':
    case 'SET_LOGGING_LEVEL':
    case 'LIST_FILES':
    case 'READ_FILE':
      return { type, ...processCallToWire(call) };
    case 'GET_CONTAINERS':
      return {
        type,
        getContainers: { showNested: call.showNested, showStandalone: call.showStandalone },
      };
    case 'LAUNCH_CONTAINER':
      return {
        type,
        launchContainer: {
          containerId: containerIdToWire(call.containerId),
          ...(call.command === null ? {} : { command: commandToWire(call.command) }),
          resources: resourcesToWire(call.resources, 'post', null),
          ...(call.container === null ? {} : { container: containerToWire(call.container) }),
          ...(call.limits === null ? {} : { limits: limitsOfTaskToWire(call.limits) }),
        },
      };
    case 'LAUNCH_NESTED_CONTAINER':
    case 'LAUNCH_NESTED_CONTAINER_SESSION': {
      const launch = {
        containerId: containerIdToWire(call.containerId),
        ...(call.command === null ? {} : { command: commandToWire(call.command) }),
        ...(call.container === null ? {} : { container: containerToWire(call.container) }),
      };
      return call.type === 'LAUNCH_NESTED_CONTAINER'
        ? { type, launchNestedContainer: launch }
        : { type, launchNestedContainerSession: launch };
    }
    case 'WAIT_NESTED_CONTAINER':
      return { type, waitNestedContainer: { containerId: containerIdToWire(call.containerId) } };
    case 'REMOVE_NESTED_CONTAINER':
      return { type, removeNestedContainer: { containerId: containerIdToWire(call.containerId) } };
    case 'WAIT_CONTAINER':
      return { type, waitContainer: { containerId: containerIdToWire(call.containerId) } };
    case 'REMOVE_CONTAINER':
      return { type, removeContainer: { containerId: containerIdToWire(call.containerId) } };
    case 'ATTACH_CONTAINER_OUTPUT':
      return { type, attachContainerOutput: { containerId: containerIdToWire(call.containerId) } };
    case 'KILL_NESTED_CONTAINER':
    case 'KILL_CONTAINER': {
      const kill = {
        containerId: containerIdToWire(call.containerId),
        ...(call.signal === null ? {} : { signal: call.signal }),
      };
      return call.type === 'KILL_CONTAINER'
        ? { type, killContainer: kill }
        : { type, killNestedContainer: kill };
    }
    case 'ATTACH_CONTAINER_INPUT':
      return { type, attachContainerInput: containerInputToWire(call.input) };
    case 'ADD_RESOURCE_PROVIDER_CONFIG':
      return { type, addResourceProviderConfig: { info: providerToWire(call.info) } };
    case 'UPDATE_RESOURCE_PROVIDER_CONFIG':
      return { type, updateResourceProviderConfig: { info: providerToWire(call.info) } };
    case 'REMOVE_RESOURCE_PROVIDER_CONFIG':
      return { type, removeResourceProviderConfig: { type: call.providerType, name: call.name } };
    case 'MARK_RESOURCE_PROVIDER_GONE':
      return { type, markResourceProviderGone: { resourceProviderId: { value: call.resourceProviderId } } };
    case 'PRUNE_IMAGES':
      return { type, pruneImages: { excludedImages: call.excludedImages.map(imageToWire) } };
    default:
      return { type };
  }
}
