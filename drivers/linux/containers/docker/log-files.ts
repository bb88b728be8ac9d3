import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type Dockerode from 'dockerode';

/** A file that grows by what comes after the bytes that it has already. */
class ResumedFile extends Writable {
  readonly #file: FileHandle;
  #skip: number;

  constructor(file: FileHandle, size: number) {
    super();
    this.#file = file;
    this.#skip = size;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const known = Math.min(this.#skip, chunk.length);
    this.#skip -= known;
    if (known === chunk.length) {
      done();
      return;
    }
    this.#file.appendFile(chunk.subarray(known)).then(() => {
      done();
    }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#file.close().then(() => {
      done();
    }, done);
  }
}

/**
 * Copies what a container says to `stdout` and `stderr` in its sandbox, from its beginning: what an earlier agent process has copied already
 * is skipped by its length, so nothing stands there twice or is missing. Resolves when all is copied, after the container's end.
 */
export async function followLogs(
  docker: Dockerode,
  container: Dockerode.Container,
  sandbox: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const [stdout, stderr] = await Promise.all([
    resumedFile(sandbox, 'stdout'),
    resumedFile(sandbox, 'stderr'),
  ]);
  try {
    const stream = await container.logs({ follow: true, stdout: true, stderr: true, abortSignal });
    docker.modem.demuxStream(stream, stdout, stderr);
    await new Promise<void>((resolve, reject) => {
      stream.once('end', resolve);
      stream.once('close', resolve);
      stream.once('error', reject);
    });
  } finally {
    await Promise.all([closed(stdout), closed(stderr)]);
  }
}

async function resumedFile(sandbox: string, name: string): Promise<ResumedFile> {
  const file = await open(join(sandbox, name), 'a');
  const { size } = await file.stat();
  return new ResumedFile(file, size);
}

async function closed(file: ResumedFile): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    file.once('error', reject);
    file.end(resolve);
  });
}
