import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, link, mkdir, open, symlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createGunzip, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { extract, type Header } from 'tar-stream';
import { FetchError } from '../agent-containers.ts';
import { checkLink, clear, placeBelow } from './safe-paths.ts';

const inflate = promisify(inflateRaw);

export type ArchiveKind = 'tar' | 'tar.gz' | 'tar.bz2' | 'tar.xz' | 'gz' | 'zip';

const SUFFIXES: readonly (readonly [string, ArchiveKind])[] = [
  ['.tar', 'tar'],
  ['.tar.gz', 'tar.gz'],
  ['.tgz', 'tar.gz'],
  ['.tar.bz2', 'tar.bz2'],
  ['.tbz2', 'tar.bz2'],
  ['.tar.xz', 'tar.xz'],
  ['.txz', 'tar.xz'],
  ['.gz', 'gz'],
  ['.zip', 'zip'],
];

/** What is extracted, by its name (spec 12 §5); null for anything else. */
export function archiveKind(name: string): ArchiveKind | null {
  return SUFFIXES.find(([suffix]) => name.endsWith(suffix) && name.length > suffix.length)?.[1] ?? null;
}

/** Extracts the archive at `path`, called `name`, into `sandbox`; nothing of it gets out of there. Rejects with FetchError. */
export async function extractArchive(
  path: string,
  name: string,
  kind: ArchiveKind,
  sandbox: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (kind === 'zip') await extractZip(path, sandbox);
    else if (kind === 'gz') {
      const place = await placeBelow(sandbox, name.slice(0, -'.gz'.length));
      await clear(place);
      await pipeline(createReadStream(path), createGunzip(), createWriteStream(place, { flags: 'wx' }), {
        signal,
      });
    } else await extractTar(path, kind, sandbox, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof FetchError) throw error;
    throw new FetchError(`it cannot be extracted: ${(error as Error).message}`, { cause: error });
  }
}

async function extractTar(
  path: string,
  kind: ArchiveKind,
  sandbox: string,
  signal: AbortSignal,
): Promise<void> {
  const unpacked = extract();
  const decompressed = decompression(path, kind);
  const feeding = pipeline(decompressed.bytes, unpacked, { signal });
  feeding.catch(() => {});
  for await (const entry of unpacked) {
    const { header } = entry;
    await extractEntry(header, entry as unknown as Readable, sandbox);
    entry.resume();
  }
  await feeding;
  await decompressed.ended;
}

function decompression(
  path: string,
  kind: ArchiveKind,
): { readonly bytes: Readable; readonly ended: Promise<void> } {
  const file = createReadStream(path);
  if (kind === 'tar') return { bytes: file, ended: Promise.resolve() };
  if (kind === 'tar.gz') return { bytes: file.pipe(createGunzip()), ended: Promise.resolve() };
  file.destroy();
  const program = kind === 'tar.bz2' ? 'bzip2' : 'xz';
  const child = spawn(program, ['-dc', '--', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-500);
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    if (code !== 0) throw new FetchError(`${program} cannot read it: ${said.trim()}`);
  });
  ended.catch(() => {});
  return { bytes: child.stdout, ended };
}

async function extractEntry(header: Header, body: Readable, sandbox: string): Promise<void> {
  const { name, type, linkname, mode } = header;
  const place = await placeBelow(sandbox, name);
  switch (type) {
    case 'directory':
      if (place !== sandbox) await makeDirectory(place, name);
      break;
    case 'file':
    case 'contiguous-file':
      await clear(place);
      await pipeline(body, createWriteStream(place, { flags: 'wx' }));
      await chmod(place, mode & 0o777);
      break;
    case 'symlink':
      checkLink(sandbox, place, linkname ?? '');
      await clear(place);
      await symlink(linkname ?? '', place);
      break;
    case 'link': {
      const target = await placeBelow(sandbox, linkname ?? '');
      await clear(place);
      await link(target, place);
      break;
    }
    default:
      throw new FetchError(
        `its entry ${JSON.stringify(name)} is a ${type ?? 'thing of an unknown kind'}; there may be files, directories and links`,
      );
  }
}

async function makeDirectory(place: string, name: string): Promise<void> {
  try {
    await mkdir(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // A link that is there already is no directory of the archive's.
    await placeBelow(place, 'x').catch(() => {
      throw new FetchError(`its directory ${JSON.stringify(name)} is there as something else`);
    });
  }
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_SIZE = 22;
const COMMENT_MAX = 65_535;
/** Unpacked, one entry. */
const ENTRY_MAX = 2 ** 31 - 1;

/** ZIP with entries that are stored or deflated (PKWARE's APPNOTE, 4.3). */
async function extractZip(path: string, sandbox: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const read = async (at: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, at);
      if (bytesRead < length) throw new FetchError('the archive is cut short');
      return bytes;
    };
    const tail = await read(
      Math.max(0, size - END_SIZE - COMMENT_MAX),
      Math.min(size, END_SIZE + COMMENT_MAX),
    );
    let end = tail.length - END_SIZE;
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
    if (end < 0) throw new FetchError('it is no zip archive');
    const count = tail.readUInt16LE(end + 10);
    const directory = await read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    let at = 0;
    for (let entry = 0; entry < count; entry++) {
      if (at + 46 > directory.length || directory.readUInt32LE(at) !== DIRECTORY_ENTRY)
        throw new FetchError('its directory is damaged');
      at += await extractZipEntry(directory.subarray(at), read, sandbox);
    }
  } finally {
    await file.close();
  }
}

async function extractZipEntry(
  entry: Buffer,
  read: (at: number, length: number) => Promise<Buffer>,
  sandbox: string,
): Promise<number> {
  const nameSize = entry.readUInt16LE(28);
  const length = 46 + nameSize + entry.readUInt16LE(30) + entry.readUInt16LE(32);
  const name = entry.toString('utf8', 46, 46 + nameSize);
  const mode = entry.readUInt32LE(38) >>> 16;
  const place = await placeBelow(sandbox, name);
  if (name.endsWith('/')) {
    if (place !== sandbox) await makeDirectory(place, name);
    return length;
  }
  const method = entry.readUInt16LE(10);
  if ((entry.readUInt16LE(8) & 1) !== 0)
    throw new FetchError(`its entry ${JSON.stringify(name)} is encrypted`);
  const packed = entry.readUInt32LE(20);
  const unpacked = entry.readUInt32LE(24);
  if (packed === 0xffffffff || unpacked > ENTRY_MAX)
    throw new FetchError(`its entry ${JSON.stringify(name)} is larger than 2 GB`);
  const start = entry.readUInt32LE(42);
  const local = await read(start, 30);
  const data = await read(start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28), packed);
  const bytes =
    method === 0 ? data : method === 8 ? await inflate(data, { maxOutputLength: unpacked + 1 }) : null;
  if (bytes === null)
    throw new FetchError(
      `its entry ${JSON.stringify(name)} is packed by method ${method}; there are 0 and 8`,
    );
  if (bytes.length !== unpacked || crc32(bytes) !== entry.readUInt32LE(16))
    throw new FetchError(`its entry ${JSON.stringify(name)} is damaged`);
  await clear(place);
  if ((mode & 0o170000) === 0o120000) {
    const target = bytes.toString('utf8');
    checkLink(sandbox, place, target);
    await symlink(target, place);
    return length;
  }
  await pipeline(Readable.from([bytes]), createWriteStream(place, { flags: 'wx' }));
  if (mode !== 0) await chmod(place, mode & 0o777);
  return length;
}
