import type { Logger } from 'pino';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import type { MasterAddress } from '../codec/parts/master-info.ts';
import type { HttpLimits } from '../http/limits.ts';
import { Refusal } from '../http/refusal.ts';
import type { May } from '../security/permissions.ts';
import type { Calls } from './calls.ts';
import type { MasterLoop } from './master-loop.ts';

/** Where the master that leads is reached. */
export interface Leader {
  readonly hostname: string;
  readonly port: number;
}

/** What the parts of a master daemon share. */
export interface MasterContext {
  readonly loop: MasterLoop;
  readonly ids: IdTexts;
  readonly address: MasterAddress;
  readonly limits: HttpLimits;
  readonly calls: Calls;
  readonly log: Logger;
  /** Whether ACLs let a principal do what the daemon itself watches over; always without ACLs. */
  readonly may: May;
  /** The master that leads where it is another one; null where none is known or this one leads. */
  leader(): Leader | null;
}

/** Refuses a request that only the leader answers (spec 01 §5): sends it there, or says that nobody leads. */
export function checkLeading(context: MasterContext, target: string): void {
  if (context.loop.machine.isLeading && !context.loop.isOver) return;
  const leader = context.leader();
  if (leader === null) {
    throw new Refusal(503, 'No master leads at the moment, or the leader has not recovered yet: retry', {
      'Retry-After': '1',
    });
  }
  // Without a scheme: the client keeps the one that it came with.
  throw new Refusal(307, 'Another master leads', {
    Location: `//${leader.hostname}:${leader.port}${target}`,
  });
}
