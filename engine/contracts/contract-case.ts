import { assert } from '../core/index.ts';

/**
 * One demand on a port. A contract is a list of cases; the tests of both drivers run them all on their own implementations, each on a ground that
 * is made for it. `Ground` is what the case needs of the world: to order, to look, to let time pass, virtual or real.
 */
export interface ContractCase<Ground, Ability extends string = never> {
  /** A sentence that can be false. */
  readonly name: string;
  /** What the world must be able to do or suffer; a world that is not says why (`ContractSubject.lacks`). */
  readonly needs: readonly Ability[];
  readonly run: (ground: Ground) => Promise<void>;
}

/** The part of vitest's `test` that contracts are declared with. */
export type DeclareTest = (name: string, run: () => Promise<void>) => void;

export interface ContractSubject<Ground, Ability extends string> {
  /** Of the implementation, for the names of the tests. */
  readonly name: string;
  /** A fresh world for one case. */
  readonly open: () => Promise<Ground>;
  /** Takes all that is left of it away. */
  readonly close: (ground: Ground) => Promise<void>;
  /** What it cannot do, each with the reason. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>;
}

/** Declares a test for each case of a contract that the subject can be put to. What it lacks by its nature it names itself, with the reason. */
export function declareContract<Ground, Ability extends string>(
  declare: DeclareTest,
  contract: readonly ContractCase<Ground, Ability>[],
  subject: ContractSubject<Ground, Ability>,
): void {
  for (const { name, needs, run } of contract) {
    if (needs.some((need) => subject.lacks[need] !== undefined)) continue;
    declare(`${subject.name}: ${name}`, async () => {
      const ground = await subject.open();
      try {
        await run(ground);
      } finally {
        await subject.close(ground);
      }
    });
  }
}

/** Both as text, so that what differs can be read. */
export function same(actual: unknown, demanded: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(demanded)];
  assert(found === wanted, `${what}: ${found}, where ${wanted} is demanded`);
}
