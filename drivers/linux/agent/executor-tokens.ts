import { createHmac, timingSafeEqual } from 'node:crypto';

/** What an executor's token says (spec 14): framework, executor and container, as texts. */
export interface TokenClaims {
  readonly fid: string;
  readonly eid: string;
  readonly cid: string;
}

const HEADER = encoded({ alg: 'HS256', typ: 'JWT' });

/** Tokens of executors: JWT signed with HMAC-SHA-256 (RFC 7519, `--jwt_secret_key`). */
export class ExecutorTokens {
  readonly #key: Buffer;

  /** @param key not empty */
  constructor(key: Buffer) {
    this.#key = key;
  }

  make({ fid, eid, cid }: TokenClaims): string {
    const signed = `${HEADER}.${encoded({ fid, eid, cid })}`;
    return `${signed}.${this.#signature(signed).toString('base64url')}`;
  }

  /** The claims of an `Authorization` header, null if it proves none. */
  read(authorization: string | undefined): TokenClaims | null {
    const parts = /^Bearer +([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization ?? '');
    if (parts === null) return null;
    const [, header, payload, signature] = parts;
    const expected = this.#signature(`${header}.${payload}`);
    const given = Buffer.from(signature!, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    // Signed with our key: so it was made here, and is what `make` makes.
    const { fid, eid, cid } = JSON.parse(Buffer.from(payload!, 'base64url').toString('utf8')) as TokenClaims;
    return { fid, eid, cid };
  }

  #signature(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
