#!/usr/bin/env node
// Runs the compiled command line; compiles it first where `npm ci` was told to run no scripts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist', 'cli', 'main.js');

if (!existsSync(main)) {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  if (!existsSync(tsc)) {
    console.error(
      'orrery: not built, and the compiler is not installed. Run `npm ci` in the checkout first.',
    );
    process.exit(2);
  }
  const { status } = spawnSync(tsc, ['-b'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error('orrery: the build failed; see the messages above.');
    process.exit(1);
  }
}

// Whoever reads may stop reading: `orrery … | head` is no error.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { main: run } = await import(pathToFileURL(main).href);
process.exitCode = await run(process.argv.slice(2));
