// First come, first served: every agent that is free goes, whole, to the framework that has waited longest for an offer.
// Made for reading: it knows no weights, no quota and no reservations, and scans all agents at every cycle.

/** @typedef {import('../../engine/master/index.ts').Allocator} Allocator */
/** @typedef {import('../../engine/master/index.ts').AllocatorFactory} AllocatorFactory */

const SECOND = 1_000_000;
const DEFAULT_REFUSAL = 5 * SECOND;

/** @implements {Allocator} */
class FirstCome {
  #roles = [];
  /** By agent: `{ total, free, isActive }`. */
  #agents = new Map();
  /** By framework: `{ roles, suppressed, isActive }`; who comes first has waited longest. */
  #frameworks = new Map();
  /** What each framework declined: until when, by `framework/role/agent`. */
  #refused = new Map();
  #counts = { allocationRuns: 0, allocations: 0, declines: 0 };

  constructor(now, options, sink) {
    this.sink = sink;
    this.interval = options.allocationInterval;
    this.tick = now + this.interval;
  }

  // --- roles: names have numbers, given out by the policy

  role(name) {
    const known = this.#roles.indexOf(name);
    return known === -1 ? this.#roles.push(name) - 1 : known;
  }

  roleName(role) {
    return this.#roles[role];
  }

  // --- agents come, change and go

  addAgent(now, agent, info, used) {
    let free = info.total;
    for (const { resources } of used) free = free.minus(resources);
    this.#agents.set(agent, { total: info.total, free, isActive: true });
    this.#cycle(now);
  }

  updateAgent(now, agent, info) {
    const known = this.#agents.get(agent);
    const inUse = known.total.minus(known.free);
    known.total = info.total;
    known.free = info.total.minus(inUse);
    this.#cycle(now);
  }

  addResourceProvider(now, agent, added, used) {
    const known = this.#agents.get(agent);
    known.total = known.total.plus(added);
    known.free = known.free.plus(added);
    for (const { resources } of used) known.free = known.free.minus(resources);
  }

  removeAgent(now, agent) {
    this.#agents.delete(agent);
  }

  activateAgent(now, agent) {
    this.#agents.get(agent).isActive = true;
  }

  deactivateAgent(now, agent) {
    this.#agents.get(agent).isActive = false;
  }

  // --- so do frameworks

  addFramework(now, framework, info, active, used) {
    this.#frameworks.set(framework, {
      roles: info.roles,
      suppressed: new Set(info.suppressedRoles),
      isActive: active,
    });
    this.#cycle(now);
  }

  updateFramework(now, framework, info) {
    const known = this.#frameworks.get(framework);
    known.roles = info.roles;
    known.suppressed = new Set(info.suppressedRoles);
  }

  removeFramework(now, framework) {
    this.#frameworks.delete(framework);
    this.#forget(framework, null);
  }

  activateFramework(now, framework) {
    this.#frameworks.get(framework).isActive = true;
    this.#cycle(now);
  }

  deactivateFramework(now, framework) {
    this.#frameworks.get(framework).isActive = false;
    this.#forget(framework, null);
  }

  suppressOffers(now, framework, roles) {
    const known = this.#frameworks.get(framework);
    for (const role of roles.length === 0 ? known.roles : roles) known.suppressed.add(role);
  }

  reviveOffers(now, framework, roles) {
    const known = this.#frameworks.get(framework);
    for (const role of roles.length === 0 ? known.roles : roles) {
      known.suppressed.delete(role);
      this.#forget(framework, role);
    }
    this.#cycle(now);
  }

  requestResources(now, framework, role, demand) {
    this.#cycle(now);
  }

  // --- what was handed out comes back; nothing may be handed out here, the next tick does

  recoverResources(now, framework, role, agent, resources, refuse) {
    const known = this.#agents.get(agent);
    // The agent may have less now than when this was handed out.
    known.free = known.total.minus(known.total.minus(known.free).minus(resources));
    if (refuse === null) return;
    this.#counts.declines++;
    const lasts = refuse < 0 ? DEFAULT_REFUSAL : Math.max(refuse, this.interval);
    if (refuse !== 0) this.#refused.set(`${framework}/${role}/${agent}`, now + lasts);
  }

  updateAllocation() {
    throw new Error('this policy knows no operations on resources');
  }

  updateAvailable() {
    throw new Error('this policy knows no operations on resources');
  }

  // --- what this policy does not heed

  setQuota() {}
  setWeight() {}
  setWhitelist() {}
  setUnavailability() {}
  respondInverseOffer() {}
  recover() {}

  // --- time

  nextDeadline() {
    return this.tick;
  }

  advance(now) {
    while (this.tick <= now) {
      this.#cycle(this.tick);
      this.tick += this.interval;
    }
  }

  // --- what the report asks for

  dominantShare(role) {
    return 0;
  }

  metrics() {
    return { ...this.#counts, offerFiltersActive: this.#refused.size, declinersPassedOver: 0 };
  }

  // --- the policy itself

  #cycle(now) {
    this.#counts.allocationRuns++;
    for (const [key, until] of this.#refused) if (until <= now) this.#refused.delete(key);
    for (const [agent, known] of this.#agents) {
      const given = known.free.unreserved();
      if (!known.isActive || given.isEmpty) continue;
      const taker = this.#firstTaker(agent);
      if (taker === null) continue;
      const { framework, role } = taker;
      // To the end of the queue.
      const last = this.#frameworks.get(framework);
      this.#frameworks.delete(framework);
      this.#frameworks.set(framework, last);
      const given = known.free.unreserved();
      known.free = known.free.minus(given);
      this.#counts.allocations++;
      this.sink.allocated(framework, role, agent, given);
    }
  }

  #firstTaker(agent) {
    for (const [framework, { roles, suppressed, isActive }] of this.#frameworks) {
      if (!isActive) continue;
      for (const role of roles) {
        const isRefused = this.#refused.has(`${framework}/${role}/${agent}`);
        if (!suppressed.has(role) && !isRefused) return { framework, role };
      }
    }
    return null;
  }

  #forget(framework, role) {
    const start = role === null ? `${framework}/` : `${framework}/${role}/`;
    for (const key of this.#refused.keys()) if (key.startsWith(start)) this.#refused.delete(key);
  }
}

/** @type {AllocatorFactory} */
export default (now, options, sink) => new FirstCome(now, options, sink);
