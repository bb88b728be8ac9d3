import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Volume } from '../../../engine/protocol/index.ts';
import { ContainerLaunchError, type ContainerMount } from '../containers/container-runtime.ts';
import type { RuntimeChoice } from './container-plan.ts';
import { placeBelow } from './fetcher/safe-paths.ts';
import type { Users } from './users.ts';

/** A container's `volumes` as mounts (spec 12 §7); directories in sandboxes are made. Rejects with ContainerLaunchError. */
export async function sandboxMounts(
  volumes: readonly Volume[],
  places: {
    readonly sandbox: string;
    /** Null without one. */
    readonly parentSandbox: string | null;
    readonly runtime: RuntimeChoice;
    readonly owner: string | null;
    readonly users: Users;
  },
): Promise<ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const { containerPath, hostPath, image, mode, source } of volumes) {
    const target = isAbsolute(containerPath) ? containerPath : inside(containerPath, containerPath);
    const readOnly = mode === 'RO';
    const ownDirectory = async (root: string, path: string): Promise<string> => {
      // A task of a pod may have put links into the pod's sandbox: none of them is followed.
      const directory = dirname(await placeBelow(root, join(inside(path, containerPath), 'x')));
      await places.users.give(directory, places.owner);
      return directory;
    };
    if (hostPath !== null) {
      const from = isAbsolute(hostPath) ? hostPath : await ownDirectory(places.sandbox, hostPath);
      mounts.push({ source: from, target, readOnly });
    } else if (source?.type === 'HOST_PATH') {
      if (!isAbsolute(source.path))
        throw new ContainerLaunchError(
          `the volume at ${containerPath} has the host path ${source.path}; it must be absolute`,
        );
      mounts.push({ source: source.path, target, readOnly });
    } else if (source?.type === 'SANDBOX_PATH') {
      if (source.parent && places.parentSandbox === null)
        throw new ContainerLaunchError(
          `the volume at ${containerPath} is in the sandbox of the parent, and this container has none`,
        );
      const root = source.parent ? places.parentSandbox! : places.sandbox;
      mounts.push({ source: await ownDirectory(root, source.path), target, readOnly });
    } else if (source?.type === 'DOCKER_VOLUME' && places.runtime === 'docker') {
      if (source.driver !== null && source.driver !== 'local')
        throw new ContainerLaunchError(
          `the volume at ${containerPath} wants the Docker volume driver ${source.driver}; this agent uses local ones`,
        );
      mounts.push({ source: source.name, target, readOnly });
    } else {
      const kind =
        image !== null ? 'an image' : source === null ? 'nothing that it would come from' : source.type;
      throw new ContainerLaunchError(
        `the volume at ${containerPath} has ${kind}; in ${places.runtime} containers this agent takes host_path, and sources of type HOST_PATH and SANDBOX_PATH${places.runtime === 'docker' ? ' and DOCKER_VOLUME' : ''}`,
      );
    }
  }
  return mounts;
}

/** A relative path that stays where it begins. */
function inside(path: string, containerPath: string): string {
  const plain = normalize(path);
  if (isAbsolute(plain) || plain === '..' || plain.startsWith('../'))
    throw new ContainerLaunchError(
      `the volume at ${containerPath} has the path ${path}, which leads out of the sandbox`,
    );
  return plain;
}
