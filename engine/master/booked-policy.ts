import { assert } from '../core/index.ts';
import type { AllocationSink, Allocator, AllocatorFactory } from './allocator.ts';
import { PlainAllocator } from './plain-allocator.ts';

/** Calls that change the books: both the policy and the plain allocator hear them. */
const BOOKED = [
  'addAgent',
  'updateAgent',
  'removeAgent',
  'activateAgent',
  'deactivateAgent',
  'addFramework',
  'updateFramework',
  'removeFramework',
  'activateFramework',
  'deactivateFramework',
  'suppressOffers',
  'reviveOffers',
  'recoverResources',
  'updateAllocation',
  'addCopies',
  'setQuota',
  'setWeight',
  'recover',
] as const satisfies readonly (keyof Allocator)[];

/**
 * For tests: a real policy decides, and beside it a plain allocator, which decides nothing, keeps the books of what the policy gave out and
 * the master returned. So a master's test can say what is held under any policy.
 */
export function bookedPolicy(
  factory: AllocatorFactory,
  keep: (books: PlainAllocator) => void,
): AllocatorFactory {
  return (now, options, sink) => {
    const silent: AllocationSink = { allocated() {}, inverseOffer() {} };
    const books = new PlainAllocator(now, options, silent);
    books.isPaused = true;
    keep(books);
    const policy = factory(now, options, {
      allocated(framework, role, agent, resources) {
        books.book({ framework, role, agent, resources });
        sink.allocated(framework, role, agent, resources);
      },
      inverseOffer: (framework, agent) => sink.inverseOffer(framework, agent),
    });
    books.naming = policy;
    return new Proxy(policy, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'updateAvailable') {
          return (...given: Parameters<Allocator['updateAvailable']>) => {
            const isDone = policy.updateAvailable(...given);
            assert(books.updateAvailable(...given) === isDone, 'policy and books agree on what is available');
            return isDone;
          };
        }
        if (BOOKED.some((one) => one === name)) {
          return (...given: unknown[]) => {
            // The books first: a call may start a cycle, which books what it gives.
            Reflect.apply(Reflect.get(books, name) as () => unknown, books, given);
            Reflect.apply(member, target, given);
          };
        }
        return member.bind(target) as unknown;
      },
    });
  };
}
