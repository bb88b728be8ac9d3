/** A request that is answered by an error: thrown by those who read requests, written by the server. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };

  /** @param message for the caller: what was wrong and what would be accepted */
  constructor(status: number, message: string, headers: { readonly [name: string]: string } = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
  }
}
