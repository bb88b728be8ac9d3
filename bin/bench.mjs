#!/usr/bin/env node
// Builds what changed, then runs the benchmarks: `npm run bench -- --help`.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { status } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-b'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);
const { main } = await import(pathToFileURL(join(root, 'dist', 'bench', 'main.js')).href);
process.exitCode = await main(process.argv.slice(2));
