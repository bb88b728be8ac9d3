import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/**
 * An image with one program that does nothing until it is killed: the place that the containers of a task group share (network and addresses).
 * No registry has to be reached for it.
 */
export const PAUSE_IMAGE = 'orrery/pause:1';
export const PAUSE_PROGRAM = '/pause';

const LOAD_ADDRESS = 0x40_0000;
const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;

/** Machine of the ELF header, and the instructions, by the names of Node's `process.arch`. */
const PROGRAMS: { readonly [arch: string]: { readonly machine: number; readonly code: readonly number[] } } =
  {
    // mov eax, 34 (pause); syscall; jmp to the start
    x64: { machine: 62, code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
    // mov x0..x4, 0; mov x8, 73 (ppoll); svc 0; b to the start
    arm64: {
      machine: 183,
      code: [
        ...[0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x80, 0xd2, 0x02, 0x00, 0x80, 0xd2, 0x03, 0x00, 0x80, 0xd2],
        ...[0x04, 0x00, 0x80, 0xd2, 0x28, 0x09, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0xf9, 0xff, 0xff, 0x17],
      ],
    },
  };

/** The image's files as a tar, for `docker import`. Throws for an architecture without a program. */
export async function pauseImageTar(arch: string = process.arch): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: PAUSE_PROGRAM.slice(1), mode: 0o755 }, pauseProgram(arch));
  tar.finalize();
  return await buffer(tar);
}

/** A whole ELF file: its header, one segment, the instructions (elf(5)). */
export function pauseProgram(arch: string): Buffer {
  const program = PROGRAMS[arch];
  if (program === undefined)
    throw new Error(
      `task groups on Docker need a program for ${arch}, and there is none: use --runtime process`,
    );
  const size = HEADER_SIZE + PROGRAM_HEADER_SIZE + program.code.length;
  const file = Buffer.alloc(size);
  // 64 bits, little endian, version 1.
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(program.machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADER_SIZE + PROGRAM_HEADER_SIZE), 24);
  file.writeBigUInt64LE(BigInt(HEADER_SIZE), 32);
  file.writeUInt16LE(HEADER_SIZE, 52);
  file.writeUInt16LE(PROGRAM_HEADER_SIZE, 54);
  file.writeUInt16LE(1, 56);
  // One segment, read and executed, the whole file at the load address.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 80);
  file.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(4_096n, 112);
  Buffer.from(program.code).copy(file, HEADER_SIZE + PROGRAM_HEADER_SIZE);
  return file;
}
