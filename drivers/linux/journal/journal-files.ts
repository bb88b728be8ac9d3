import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is done to the files of a journal beside reading and appending to segments. */
export interface JournalFiles {
  /** A new file of these parts, on the disk when it resolves. */
  write(path: string, parts: Iterable<Buffer>): Promise<void>;
  /** In place of what is there; on the disk when it resolves. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export const DISK: JournalFiles = {
  async write(path, parts) {
    const file = await open(path, 'wx', 0o600);
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length; )
          done += (await file.write(part, done, part.length - done)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async rename(from, to) {
    await rename(from, to);
    const folder = await open(dirname(to), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  async remove(path) {
    await rm(path, { force: true });
  },
};
