import type { IncomingMessage } from 'node:http';
import type { HttpLimits } from './limits.ts';
import { Refusal } from './refusal.ts';

/** Bytes of bodies that are on their way in, of one server. */
export class BodyBudget {
  #used = 0;

  get used(): number {
    return this.#used;
  }

  take(bytes: number, max: number): boolean {
    if (this.#used + bytes > max) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** The whole body of a request, within the limits. Rejects with Refusal: 408, 413, or 503 when all bodies together are too much. */
export async function readBody(
  request: IncomingMessage,
  limits: HttpLimits,
  budget: BodyBudget,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.bodyMax) throw tooLarge(limits.bodyMax);
  let held = 0;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const timer = setTimeout(() => {
        reject(new Refusal(408, `The body did not come in within ${limits.bodyTimeoutMs} ms`));
      }, limits.bodyTimeoutMs);
      timer.unref();
      let isSettled = false;
      const settle = (act: () => void): void => {
        isSettled = true;
        clearTimeout(timer);
        act();
      };
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > limits.bodyMax) {
          settle(() => {
            reject(tooLarge(limits.bodyMax));
          });
        } else if (budget.take(chunk.length, limits.bodiesMax)) {
          held += chunk.length;
          chunks.push(chunk);
        } else {
          settle(() => {
            reject(new Refusal(503, 'Too many large requests at once: retry later', { 'Retry-After': '1' }));
          });
        }
      });
      request.on('end', () => {
        settle(() => {
          resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
        });
      });
      request.on('error', (error) => {
        settle(() => {
          reject(error);
        });
      });
      request.on('close', () => {
        // As it does after each request; an error has its price.
        if (isSettled) return;
        settle(() => {
          reject(new Error('the connection closed before the body was complete'));
        });
      });
    });
  } finally {
    budget.give(held);
  }
}

function tooLarge(max: number): Refusal {
  return new Refusal(413, `The body is larger than ${max} bytes`, { Connection: 'close' });
}
