import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../http/refusal.ts';

/** Who may come in where (spec 14 §1). */
export type Realm =
  | 'mesos-master-readonly'
  | 'mesos-master-readwrite'
  | 'mesos-master-scheduler'
  | 'mesos-agent-readonly'
  | 'mesos-agent-readwrite'
  | 'mesos-agent-executor'
  /** Of agents' links; Mesos authenticates agents over libprocess. */
  | 'orrery-master-agent';

/** HTTP basic authentication of the realms that want it. Secrets are held as digests only. */
export class Authentication {
  static readonly NONE = new Authentication(new Map(), new Set());

  readonly #digests: ReadonlyMap<string, Buffer>;
  readonly #realms: ReadonlySet<Realm>;

  /** @param credentials secret by principal */
  constructor(credentials: ReadonlyMap<string, string>, realms: ReadonlySet<Realm>) {
    this.#digests = new Map(Array.from(credentials, ([principal, secret]) => [principal, digest(secret)]));
    this.#realms = realms;
  }

  /** Who asks, null where the realm asks nobody. Throws Refusal: 401. */
  principal(realm: Realm, authorization: string | undefined): string | null {
    if (!this.#realms.has(realm)) return null;
    const principal = this.#proved(authorization);
    if (principal !== null) return principal;
    throw new Refusal(401, 'The credentials are missing or wrong', {
      'WWW-Authenticate': `Basic realm="${realm}"`,
    });
  }

  #proved(authorization: string | undefined): string | null {
    const parts = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '');
    if (parts === null) return null;
    const text = Buffer.from(parts[1]!, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return null;
    const principal = text.slice(0, colon);
    const expected = this.#digests.get(principal);
    // As long for a name that is unknown, so that names cannot be tried out.
    const isRight = timingSafeEqual(digest(text.slice(colon + 1)), expected ?? NOBODY);
    return isRight && expected !== undefined ? principal : null;
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

const NOBODY = Buffer.alloc(32);
