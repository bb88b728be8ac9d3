import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Not of the source: made by builds, tests and tools. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', 'orrery-out']);

/** A copy of the tree in which a file may be changed: hard links where the file system allows them, packages by one link. */
export class Sandbox {
  /** @param {string} root the checkout */
  constructor(root) {
    this.root = mkdtempSync(join(tmpdir(), 'orrery-mutation-'));
    for (const entry of readdirSync(root, { withFileTypes: true }))
      if (!entry.name.startsWith('.') && !LEFT_OUT.has(entry.name)) copy(root, this.root, entry);
    symlinkSync(join(root, 'node_modules'), join(this.root, 'node_modules'), 'dir');
  }

  /** Gives a file another text here, and here only: the link to the checkout's file is taken away first. */
  write(file, text) {
    const path = join(this.root, file);
    rmSync(path, { force: true });
    writeFileSync(path, text);
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function copy(from, to, entry) {
  const [source, target] = [join(from, entry.name), join(to, entry.name)];
  if (entry.isDirectory()) {
    mkdirSync(target);
    for (const each of readdirSync(source, { withFileTypes: true })) copy(source, target, each);
  } else if (entry.isFile()) {
    try {
      linkSync(source, target);
    } catch {
      // Another file system, or one without hard links.
      copyFileSync(source, target);
    }
  }
}
