import { execFile } from 'node:child_process';
import { lchown } from 'node:fs/promises';
import { ContainerLaunchError } from '../containers/container-runtime.ts';

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** Users of the host by name. */
export class Users {
  readonly #known = new Map<string, UserIds>();

  /** Rejects with ContainerLaunchError for a user that the host does not have. */
  async find(name: string): Promise<UserIds> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const ids = { uid: await idOf('-u', name), gid: await idOf('-g', name) };
    this.#known.set(name, ids);
    return ids;
  }

  /** Gives a file or directory, not what a link leads to, to a user; null leaves it the agent's. */
  async give(path: string, name: string | null): Promise<void> {
    if (name === null) return;
    const { uid, gid } = await this.find(name);
    await lchown(path, uid, gid);
  }
}

function idOf(option: '-u' | '-g', name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile('id', [option, '--', name], (error, stdout) => {
      if (error === null) resolve(Number(stdout.trim()));
      else reject(new ContainerLaunchError(`this host has no user called ${JSON.stringify(name)}`));
    });
  });
}
