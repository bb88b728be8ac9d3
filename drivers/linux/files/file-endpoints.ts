import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { microsToSeconds } from '../../../engine/core/index.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { Handler } from '../http/router.ts';
import { modeText, type VirtualFiles } from './virtual-files.ts';

/** Whether a principal may see a virtual path. */
export type MayAccess = (principal: string | null, path: string) => boolean;

/**
 * `/files/*`, the same of master and agent (spec 06 §E), by name below it.
 *
 * @param checkDebug throws Refusal for who may not see what is attached
 */
export function fileEndpoints(
  files: VirtualFiles,
  mayAccess: MayAccess,
  checkDebug: (principal: string | null) => void,
): { readonly [name: string]: Handler } {
  const pathOf = (exchange: Exchange): string => {
    const path = exchange.query.get('path');
    if (path === null || path === '') throw new Refusal(400, "Expecting 'path=value' in query");
    if (!mayAccess(exchange.principal, path)) throw new Refusal(403, `Not authorized to access '${path}'`);
    return path;
  };
  return {
    browse: async (exchange) => {
      const entries = (await files.list(pathOf(exchange))).map(
        ({ path, nlink, size, mtime, mode, uid, gid }) => ({
          gid,
          mode: modeText(mode ?? 0),
          mtime: mtime === null ? 0 : microsToSeconds(mtime),
          nlink,
          path,
          size,
          uid,
        }),
      );
      await exchange.json(JSON.stringify(entries));
    },
    read: async (exchange) => {
      const path = pathOf(exchange);
      const offset = numberOf(exchange, 'offset');
      const length = numberOf(exchange, 'length');
      const part = await files.read(path, offset ?? -1, length);
      // Bytes, not characters: a cut inside a character must not lose any, so each byte that is no UTF-8 becomes one character.
      await exchange.json(JSON.stringify({ data: textOf(part.data), offset: part.offset }));
    },
    download: async (exchange) => {
      const path = pathOf(exchange);
      const { hostPath, size } = await files.file(path);
      const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^\w.-]/g, '_');
      exchange.response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': `attachment; filename="${name}"`,
        'Content-Length': size,
      });
      if (exchange.request.method === 'HEAD' || size === 0) {
        exchange.response.end();
        return;
      }
      // A file that grows meanwhile is cut where it was promised to end.
      await pipeline(createReadStream(hostPath, { end: size - 1 }), exchange.response).catch(() => {
        exchange.response.destroy();
      });
    },
    debug: async (exchange) => {
      checkDebug(exchange.principal);
      await exchange.json(JSON.stringify(Object.fromEntries(files.attached)));
    },
  };
}

/** -1 or more; null when it is not given. */
function numberOf(exchange: Exchange, name: string): number | null {
  const text = exchange.query.get(name);
  if (text === null || text === '') return null;
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < -1) {
    throw new Refusal(400, `Expecting '${name}' to be -1 or a whole number of 0 or more, got '${text}'`);
  }
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
