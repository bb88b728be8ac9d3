/** The engine did not answer in time, or not at all. What was asked may have happened all the same. */
export class EngineUnavailableError extends Error {}

/** Waits for a call to the engine, but not for ever: an engine that hangs answers nothing, and refuses nothing. */
export async function answered<T>(call: Promise<T>, what: string, patienceMillis: number): Promise<T> {
  let timer: NodeJS.Timeout | null = null;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new EngineUnavailableError(`Docker Engine has not answered for ${patienceMillis} ms: ${what}`));
    }, patienceMillis);
  });
  try {
    return await Promise.race([call, late]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET' || code === 'EPIPE')
      throw new EngineUnavailableError(`Docker Engine cannot be reached: ${(error as Error).message}`, {
        cause: error,
      });
    throw error;
  } finally {
    if (timer !== null) clearTimeout(timer);
    // A late failure is nobody's any more.
    call.catch(() => {});
  }
}

/** HTTP status that the engine refused with, null for other errors. */
export function statusOf(error: unknown): number | null {
  const { statusCode } = error as { readonly statusCode?: number };
  return statusCode ?? null;
}

/** What the engine says of a refusal, without the library's wrapping. */
export function reasonOf(error: unknown): string {
  const { json, message } = error as Error & { readonly json?: { readonly message?: string } };
  return json?.message ?? message;
}
