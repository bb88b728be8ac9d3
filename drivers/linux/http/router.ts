import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';

export type Handler = (exchange: Exchange) => void | Promise<void>;

export interface Route {
  readonly method: string;
  readonly handler: Handler;
}

/** Paths to handlers. A path that ends in `/` takes everything below it. */
export class Router {
  readonly #exact = new Map<string, Map<string, Handler>>();
  readonly #below: { readonly prefix: string; readonly methods: Map<string, Handler> }[] = [];

  /** `method` may be a list: `GET` stands for HEAD too. */
  add(method: string, path: string, handler: Handler): void {
    let methods: Map<string, Handler> | undefined;
    if (path.endsWith('/') && path !== '/') {
      methods = this.#below.find(({ prefix }) => prefix === path)?.methods;
      if (methods === undefined) {
        methods = new Map();
        this.#below.push({ prefix: path, methods });
      }
    } else {
      methods = this.#exact.get(path) ?? new Map<string, Handler>();
      this.#exact.set(path, methods);
    }
    methods.set(method, handler);
  }

  /** Throws Refusal: 404, or 405 with the methods that the path has (spec 01 §5). */
  find(method: string, path: string): Handler {
    // `/state/` is `/state`, as libprocess has it.
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const methods =
      this.#exact.get(bare) ?? this.#below.find(({ prefix }) => path.startsWith(prefix))?.methods;
    if (methods === undefined) throw new Refusal(404, `There is nothing at ${path}`);
    const handler = methods.get(method) ?? (method === 'HEAD' ? methods.get('GET') : undefined);
    if (handler !== undefined) return handler;
    const allowed = [...methods.keys()].join(', ');
    throw new Refusal(405, `Expecting one of { ${allowed} }, got ${method}`, { Allow: allowed });
  }
}
