import { type Micros, micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import {
  type Agent,
  type AllocationExplanation,
  type AllocationSink,
  type Allocator,
  type AllocatorAgent,
  type AllocatorFactory,
  type AllocatorFramework,
  type AllocatorMetrics,
  type AllocatorOptions,
  type Framework,
  isExplaining,
  type Quota,
  type Role,
  type SnapshotParts,
  type Unavailability,
  type Usage,
} from '../../engine/master/index.ts';
import {
  isStrictSubrole,
  type Quantities,
  type ResourceOperation,
  Resources,
  reservationRole,
  scalarText,
} from '../../engine/resources/index.ts';
import { GuardBooks } from './guard-books.ts';
import { PolicyError } from './policy-error.ts';

/** The calls that may hand something out, at once; what they do is a cycle (conformance README §5.1). */
const CYCLE_CALLS = [
  'addAgent',
  'updateAgent',
  'activateAgent',
  'addFramework',
  'updateFramework',
  'activateFramework',
  'reviveOffers',
  'requestResources',
  'setUnavailability',
  'advance',
] as const satisfies readonly (keyof Allocator)[];

const OTHER_CALLS = [
  'role',
  'roleName',
  'addResourceProvider',
  'removeAgent',
  'deactivateAgent',
  'removeFramework',
  'deactivateFramework',
  'suppressOffers',
  'recoverResources',
  'updateAllocation',
  'addCopies',
  'updateAvailable',
  'setQuota',
  'setWeight',
  'setWhitelist',
  'respondInverseOffer',
  'recover',
  'nextDeadline',
  'dominantShare',
  'metrics',
] as const satisfies readonly (keyof Allocator)[];

type CycleCall = (typeof CYCLE_CALLS)[number];
type OtherCall = (typeof OTHER_CALLS)[number];

const METRICS: readonly (keyof AllocatorMetrics)[] = [
  'allocationRuns',
  'allocations',
  'offerFiltersActive',
  'declines',
  'declinersPassedOver',
];

/**
 * The policy behind a guard that keeps books of its own and trusts nothing that the policy answers or decides. A broken rule throws a
 * `PolicyError` out of the call in which it was broken, and out of every later one; if no call was under way, out of the next.
 *
 * @param policyName as the user gave it, for messages
 */
export function guarded(factory: AllocatorFactory, policyName: string): AllocatorFactory {
  return (now, options, sink) => {
    const guard = new GuardedAllocator(now, options, sink, { factory, name: policyName });
    const { policy } = guard;
    if (!isExplaining(policy)) return guard;
    const explain = (
      at: Micros,
      framework: Framework,
      role: string,
      demand: Quantities | null,
    ): AllocationExplanation => policy.explain(at, framework, role, demand);
    return Object.assign(guard, { explain });
  };
}

/** See `guarded`. */
class GuardedAllocator implements Allocator {
  readonly policy: Allocator;
  readonly #name: string;
  readonly #sink: AllocationSink;
  readonly #books = new GuardBooks();
  #now: Micros;
  /** The call under way, null between calls. */
  #underWay: string | null = null;
  #lastCall = 'making it';
  #mayAllocate = false;
  #cycle = 0;
  /** Set for good by the first broken rule: the policy may catch what its own call of the sink throws. */
  #error: PolicyError | null = null;
  /** Up to here everything due was fired. */
  #advancedTo: Micros;
  /** Whether nothing was said since, so that nothing can have become due again. */
  #justAdvanced = false;

  constructor(
    now: Micros,
    options: AllocatorOptions,
    sink: AllocationSink,
    policy: { readonly factory: AllocatorFactory; readonly name: string },
  ) {
    this.#name = policy.name;
    this.#sink = sink;
    this.#now = now;
    this.#advancedTo = now;
    const guardedSink: AllocationSink = {
      allocated: (framework, role, agent, resources) => this.#allocated(framework, role, agent, resources),
      inverseOffer: (framework, agent) => this.#inverseOffer(framework, agent),
    };
    this.policy = this.#call('making it', () => policy.factory(now, options, guardedSink));
    this.#checkMethods(this.policy);
  }

  role(name: string): Role {
    const role = this.#call('role', () => this.policy.role(name));
    if (!Number.isSafeInteger(role) || role < 0) {
      this.#fail(`role('${name}') answers ${textOf(role)}; a role is a whole number from 0`);
    }
    const other = this.#books.noteRole(role, name);
    if (other !== null) this.#fail(`role('${name}') answers ${role}, which is role '${other}' already`);
    return role;
  }

  roleName(role: Role): string {
    const name = this.#call('roleName', () => this.policy.roleName(role));
    const known = this.#books.roleName(role);
    if (known !== null && known !== name) {
      this.#fail(`roleName(${role}) answers ${textOf(name)}, but role('${known}') answered ${role}`);
    }
    return name;
  }

  // --- agents

  addAgent(now: Micros, agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void {
    this.#books.addAgent(agent, info, used);
    this.#runCycle('addAgent', now, () => this.policy.addAgent(now, agent, info, used));
  }

  updateAgent(now: Micros, agent: Agent, info: AllocatorAgent): void {
    this.#books.setTotal(agent, info.total);
    this.#runCycle('updateAgent', now, () => this.policy.updateAgent(now, agent, info));
  }

  addResourceProvider(now: Micros, agent: Agent, added: Resources, used: readonly Usage[]): void {
    this.#books.setTotal(agent, this.#books.agent(agent)!.total.plus(added));
    for (const { framework, role, resources } of used) this.#books.take(framework, role, agent, resources);
    this.#tell('addResourceProvider', now, () => this.policy.addResourceProvider(now, agent, added, used));
  }

  removeAgent(now: Micros, agent: Agent): void {
    this.#books.removeAgent(agent);
    this.#tell('removeAgent', now, () => this.policy.removeAgent(now, agent));
  }

  activateAgent(now: Micros, agent: Agent): void {
    this.#books.setAgentActive(agent, true);
    this.#runCycle('activateAgent', now, () => this.policy.activateAgent(now, agent));
  }

  deactivateAgent(now: Micros, agent: Agent): void {
    this.#books.setAgentActive(agent, false);
    this.#tell('deactivateAgent', now, () => this.policy.deactivateAgent(now, agent));
  }

  // --- frameworks

  addFramework(
    now: Micros,
    framework: Framework,
    info: AllocatorFramework,
    active: boolean,
    used: readonly Usage[],
  ): void {
    this.#books.addFramework(framework, info, active);
    this.#runCycle('addFramework', now, () => this.policy.addFramework(now, framework, info, active, used));
  }

  updateFramework(now: Micros, framework: Framework, info: AllocatorFramework): void {
    this.#books.setRoles(framework, info.roles);
    this.#runCycle('updateFramework', now, () => this.policy.updateFramework(now, framework, info));
  }

  removeFramework(now: Micros, framework: Framework): void {
    this.#books.removeFramework(framework);
    this.#tell('removeFramework', now, () => this.policy.removeFramework(now, framework));
  }

  activateFramework(now: Micros, framework: Framework): void {
    this.#books.setFrameworkActive(framework, true);
    this.#runCycle('activateFramework', now, () => this.policy.activateFramework(now, framework));
  }

  deactivateFramework(now: Micros, framework: Framework): void {
    this.#books.setFrameworkActive(framework, false);
    this.#tell('deactivateFramework', now, () => this.policy.deactivateFramework(now, framework));
  }

  suppressOffers(now: Micros, framework: Framework, roles: readonly Role[]): void {
    this.#tell('suppressOffers', now, () => this.policy.suppressOffers(now, framework, roles));
  }

  reviveOffers(now: Micros, framework: Framework, roles: readonly Role[]): void {
    this.#runCycle('reviveOffers', now, () => this.policy.reviveOffers(now, framework, roles));
  }

  requestResources(now: Micros, framework: Framework, role: Role, demand: Quantities): void {
    this.#runCycle('requestResources', now, () => this.policy.requestResources(now, framework, role, demand));
  }

  // --- what is returned or changed

  recoverResources(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    resources: Resources,
    refuse: Micros | null,
  ): void {
    this.#books.release(framework, role, agent, resources);
    this.#tell('recoverResources', now, () =>
      this.policy.recoverResources(now, framework, role, agent, resources, refuse),
    );
  }

  updateAllocation(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void {
    this.#books.convert(framework, role, agent, offered, operations);
    this.#tell('updateAllocation', now, () =>
      this.policy.updateAllocation(now, framework, role, agent, offered, operations),
    );
  }

  addCopies(now: Micros, framework: Framework, role: Role, agent: Agent, copies: Resources): void {
    this.#books.take(framework, role, agent, copies);
    this.#tell('addCopies', now, () => this.policy.addCopies(now, framework, role, agent, copies));
  }

  updateAvailable(now: Micros, agent: Agent, operations: readonly ResourceOperation[]): boolean {
    const isPossible = this.#books.convertFree(agent, operations);
    this.#arrive(now);
    const answer = this.#call('updateAvailable', () => this.policy.updateAvailable(now, agent, operations));
    if (answer !== isPossible) {
      const does = isPossible ? 'suffices' : 'does not suffice';
      this.#fail(
        `updateAvailable answers ${textOf(answer)}, but what is free on ${this.#agentText(agent)} ${does}`,
      );
    }
    return answer;
  }

  // --- configuration and maintenance

  setQuota(now: Micros, role: Role, quota: Quota): void {
    this.#books.setQuota(role, quota);
    this.#tell('setQuota', now, () => this.policy.setQuota(now, role, quota));
  }

  setWeight(now: Micros, role: Role, weight: number): void {
    this.#tell('setWeight', now, () => this.policy.setWeight(now, role, weight));
  }

  setWhitelist(now: Micros, hostnames: readonly string[] | null): void {
    this.#tell('setWhitelist', now, () => this.policy.setWhitelist(now, hostnames));
  }

  setUnavailability(now: Micros, agent: Agent, unavailability: Unavailability | null): void {
    this.#books.setUnavailability(agent, unavailability);
    this.#runCycle('setUnavailability', now, () => this.policy.setUnavailability(now, agent, unavailability));
  }

  respondInverseOffer(
    now: Micros,
    agent: Agent,
    framework: Framework,
    status: 'ACCEPT' | 'DECLINE' | 'UNKNOWN',
    refuse: Micros | null,
  ): void {
    this.#tell('respondInverseOffer', now, () =>
      this.policy.respondInverseOffer(now, agent, framework, status, refuse),
    );
  }

  // --- time

  recover(now: Micros, expectedAgents: number, quotas: ReadonlyMap<Role, Quota>): void {
    for (const [role, quota] of quotas) this.#books.setQuota(role, quota);
    this.#tell('recover', now, () => this.policy.recover(now, expectedAgents, quotas));
  }

  nextDeadline(): Micros | null {
    const deadline = this.#call('nextDeadline', () => this.policy.nextDeadline());
    if (deadline === null) return null;
    if (!Number.isSafeInteger(deadline)) {
      this.#fail(`nextDeadline answers ${textOf(deadline)}; give a whole number of microseconds, or null`);
    }
    if (deadline < this.#advancedTo || (this.#justAdvanced && deadline === this.#advancedTo)) {
      this.#fail(
        `nextDeadline answers ${deadline}, which is past: everything up to ${this.#advancedTo} was to be fired`,
      );
    }
    return deadline;
  }

  advance(now: Micros): void {
    this.#runCycle('advance', now, () => this.policy.advance(now));
    this.#advancedTo = now;
    this.#justAdvanced = true;
  }

  // --- what it says of itself

  dominantShare(role: Role): number {
    const share = this.#call('dominantShare', () => this.policy.dominantShare(role));
    if (!isAmount(share)) this.#fail(`dominantShare answers ${textOf(share)}; give a number from 0`);
    return share;
  }

  metrics(now?: Micros): AllocatorMetrics {
    const metrics = this.#call('metrics', () => this.policy.metrics(now));
    for (const name of METRICS) {
      const value: unknown = isObject(metrics) ? metrics[name] : undefined;
      if (!isAmount(value)) this.#fail(`metrics has ${textOf(value)} for ${name}; give a number from 0`);
    }
    return metrics;
  }

  // --- what it decides

  #allocated(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    if (!this.#mayDecide('hands out resources')) return;
    if (!(resources instanceof Resources)) {
      this.#fail(`hands out ${textOf(resources)}, which is not one of the Resources`);
    }
    const given = `gives framework ${textOf(framework)} ${resources.toString() || 'nothing'} of ${this.#agentText(agent)}`;
    this.#checkAgent(agent, given);
    const { isActive, roles } = this.#checkFramework(framework, given);
    const name = this.#books.roleName(role);
    if (name === null) this.#fail(`${given} under role ${textOf(role)}, which it has never given out`);
    if (!roles.includes(role)) {
      this.#fail(`${given} under role '${name}', to which the framework does not subscribe`);
    }
    if (!this.#books.agent(agent)!.isActive) this.#fail(`${given}, but the agent is not active`);
    if (!isActive) this.#fail(`${given}, but the framework is not active`);
    if (resources.isEmpty) this.#fail(`${given} under role '${name}': an allocation must not be empty`);
    const foreign = foreignOwner(resources, name);
    if (foreign !== null) {
      this.#fail(`${given} under role '${name}', but some of it is reserved to role '${foreign}'`);
    }
    if (!this.#books.hasFree(agent, resources)) {
      const free = this.#books.free(agent);
      this.#fail(`${given}, of which ${free.isEmpty ? 'nothing' : `only ${free.toString()}`} is free`);
    }
    const broken = this.#books.brokenLimit(role, resources);
    if (broken !== null) {
      const { kind, limit, consumed } = broken;
      this.#fail(
        `${given}, but role '${name}' has a limit of ${kind}:${scalarText(limit)} and consumes ${kind}:${scalarText(consumed)} already`,
      );
    }
    this.#books.handOut(framework, role, agent, resources);
    this.#sink.allocated(framework, role, agent, resources);
  }

  #inverseOffer(framework: Framework, agent: Agent): void {
    if (!this.#mayDecide('makes an inverse offer')) return;
    const asked = `asks framework ${textOf(framework)} for ${this.#agentText(agent)}`;
    this.#checkAgent(agent, asked);
    const { isActive } = this.#checkFramework(framework, asked);
    if (!isActive) this.#fail(`${asked}, but the framework is not active`);
    if (this.#books.agent(agent)!.unavailability === null) {
      this.#fail(`${asked}, but the agent has no unavailability`);
    }
    this.#sink.inverseOffer(framework, agent);
  }

  /** Outside of a call nobody is there to catch an error: it is kept for the next call. */
  #mayDecide(deed: string): boolean {
    if (this.#underWay === null) {
      this.#note(`${deed} after its call had returned; decide before it returns`, null);
      return false;
    }
    if (!this.#mayAllocate) {
      this.#fail(`${deed} in ${this.#underWay}, which starts no cycle; let nextDeadline ask for one`);
    }
    return true;
  }

  #checkAgent(agent: Agent, deed: string): void {
    if (this.#books.agent(agent) !== null) return;
    this.#fail(`${deed}, which ${this.#books.wasAgent(agent) ? 'was removed' : 'the master never added'}`);
  }

  #checkFramework(framework: Framework, deed: string): { isActive: boolean; roles: readonly Role[] } {
    const known = this.#books.framework(framework);
    if (known !== null) return known;
    const why = this.#books.wasFramework(framework) ? 'was removed' : 'was never added by the master';
    return this.#fail(`${deed}, but that framework ${why}`);
  }

  #agentText(agent: Agent): string {
    const known = this.#books.agent(agent);
    return `agent ${textOf(agent)}${known === null ? '' : ` (${known.hostname})`}`;
  }

  #checkMethods(policy: unknown): void {
    if (!isObject(policy)) this.#fail(`the function makes ${textOf(policy)}, which is no allocator`);
    const missing = [...CYCLE_CALLS, ...OTHER_CALLS].filter((name) => typeof policy[name] !== 'function');
    if (missing.length > 0) this.#fail(`the allocator that it makes has no ${missing.join(', ')}`);
  }

  // --- snapshots

  /** Those of the policy, and the guard's own. A policy that broke a rule is over. */
  snapshotParts(): SnapshotParts | null {
    if (this.#error !== null) return null;
    const parts = this.policy.snapshotParts?.() ?? null;
    if (parts === null) return null;
    const { kind, classes, constants } = parts;
    return { kind: `guarded ${kind}`, classes: [GuardedAllocator, GuardBooks, ...classes], constants };
  }

  // --- how it is called

  /** A call that may hand something out. */
  #runCycle(call: CycleCall, now: Micros, perform: () => void): void {
    this.#arrive(now);
    this.#cycle++;
    this.#mayAllocate = true;
    this.#books.beginCycle();
    this.#call(call, perform);
    this.#mayAllocate = false;
  }

  /** A call that only tells the policy something. */
  #tell(call: OtherCall, now: Micros, perform: () => void): void {
    this.#arrive(now);
    this.#call(call, perform);
  }

  #arrive(now: Micros): void {
    this.#now = micros(Math.max(this.#now, now));
    this.#justAdvanced = false;
  }

  #call<T>(call: string, perform: () => T): T {
    if (this.#error !== null) throw this.#error;
    // The receiver of what is handed out may ask for metrics meanwhile.
    const outer = this.#underWay;
    this.#underWay = call;
    this.#lastCall = call;
    let answer: T;
    try {
      answer = perform();
    } catch (error) {
      if (this.#error === null) this.#fail(`throws ${thrownText(error)}`, error);
    }
    // The policy may have caught it, or may have been ended by it.
    if (this.#error !== null) throw this.#error;
    if (isThenable(answer!)) {
      answer.then(undefined, () => {});
      this.#fail(`${call} answers with a promise; decide before the call returns`);
    }
    this.#underWay = outer;
    if (outer !== null) this.#lastCall = outer;
    return answer!;
  }

  #fail(rule: string, cause: unknown = null): never {
    throw this.#note(rule, cause);
  }

  /** The first broken rule is the one that counts. */
  #note(rule: string, cause: unknown): PolicyError {
    this.#error ??= new PolicyError(
      {
        policy: this.#name,
        cycle: this.#cycle,
        during: this.#mayAllocate,
        call: this.#lastCall,
        instant: this.#now,
        rule,
      },
      cause,
    );
    return this.#error;
  }

  static readonly layout = fieldsLayout({
    take: (it: GuardedAllocator) => ({
      books: it.#books,
      now: it.#now,
      underWay: it.#underWay,
      lastCall: it.#lastCall,
      mayAllocate: it.#mayAllocate,
      cycle: it.#cycle,
      error: it.#error,
      advancedTo: it.#advancedTo,
      justAdvanced: it.#justAdvanced,
    }),
    put: (it, fields) => {
      it.#now = fields.now;
      it.#underWay = fields.underWay;
      it.#lastCall = fields.lastCall;
      it.#mayAllocate = fields.mayAllocate;
      it.#cycle = fields.cycle;
      it.#error = fields.error;
      it.#advancedTo = fields.advancedTo;
      it.#justAdvanced = fields.justAdvanced;
    },
    kept: ['#name', '#sink', 'explain'],
  });
}

/** A role that some of the resources are reserved to and that is neither `role` nor above it. */
function foreignOwner(resources: Resources, role: string): string | null {
  for (const { identity } of resources.entries) {
    const owner = reservationRole(identity);
    if (owner !== null && owner !== role && !isStrictSubrole(role, owner)) return owner;
  }
  return null;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isThenable(value: unknown): value is { then(done: undefined, failed: () => void): void } {
  return isObject(value) && typeof value['then'] === 'function';
}

/** A value that should not be there, short enough for a message. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

function thrownText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
}
