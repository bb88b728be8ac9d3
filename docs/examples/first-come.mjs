// @ts-check
// First come, first served: what is free of an agent goes, whole, to the framework that has waited longest for an offer.
// Made for reading: it heeds no weights, quota or reservations, and looks at every agent in each cycle.

/** @typedef {import('../../engine/core/index.ts').Micros} Micros */
/** @typedef {import('../../engine/master/index.ts').Agent} Agent */
/** @typedef {import('../../engine/master/index.ts').AllocatorFactory} AllocatorFactory */
/** @typedef {import('../../engine/master/index.ts').Framework} Framework */
/** @typedef {import('../../engine/master/index.ts').Role} Role */
/** @typedef {import('../../engine/master/index.ts').Usage} Usage */
/** @typedef {import('../../engine/resources/index.ts').Resources} Resources */

/** Microseconds that a refusal lasts if it does not say how long. */
const DEFAULT_REFUSAL = 5_000_000;

/** @type {AllocatorFactory} */
export default function firstCome(start, options, sink) {
  /** Names by number. @type {string[]} */
  const roleNames = [];
  /** @type {Map<Agent, { total: Resources, used: Resources, isActive: boolean }>} */
  const agents = new Map();
  /** Who comes first has waited longest. @type {Map<Framework, { roles: readonly Role[], suppressed: Set<Role>, isActive: boolean }>} */
  const frameworks = new Map();
  /** Until when an offer is refused, by `framework/role/agent`. @type {Map<string, number>} */
  const refusals = new Map();
  let tick = start + options.allocationInterval;
  let allocationRuns = 0;
  let allocations = 0;
  let declines = 0;

  /** The policy itself. @param {number} now */
  function cycle(now) {
    allocationRuns++;
    for (const [key, end] of refusals) if (end <= now) refusals.delete(key);
    for (const [agent, { total, used, isActive }] of agents) {
      const free = total.minus(used).unreserved();
      if (!isActive || free.isEmpty) continue;
      const taker = firstTaker(agent);
      if (taker === null) continue;
      moveToTheEnd(taker.framework);
      use([{ ...taker, agent, resources: free }]);
      allocations++;
      sink.allocated(taker.framework, taker.role, agent, free);
    }
  }

  /** @param {Agent} agent */
  function firstTaker(agent) {
    for (const [framework, { roles, suppressed, isActive }] of frameworks) {
      if (!isActive) continue;
      for (const role of roles) {
        const isRefused = refusals.has(`${framework}/${role}/${agent}`);
        if (!suppressed.has(role) && !isRefused) return { framework, role };
      }
    }
    return null;
  }

  /** @param {Framework} framework */
  function moveToTheEnd(framework) {
    const known = frameworkOf(framework);
    frameworks.delete(framework);
    frameworks.set(framework, known);
  }

  /** @param {readonly Usage[]} usages */
  function use(usages) {
    for (const { agent, resources } of usages) {
      const known = agentOf(agent);
      known.used = known.used.plus(resources);
    }
  }

  /** @param {string} start */
  function forgetRefusals(start) {
    for (const key of refusals.keys()) if (key.startsWith(start)) refusals.delete(key);
  }

  /** @param {Agent} agent */
  function agentOf(agent) {
    const known = agents.get(agent);
    if (known === undefined) throw new Error(`agent ${agent} is not known`);
    return known;
  }

  /** @param {Framework} framework */
  function frameworkOf(framework) {
    const known = frameworks.get(framework);
    if (known === undefined) throw new Error(`framework ${framework} is not known`);
    return known;
  }

  return {
    // Roles have numbers, which the policy gives out.
    role(name) {
      if (!roleNames.includes(name)) roleNames.push(name);
      return /** @type {Role} */ (roleNames.indexOf(name));
    },
    roleName: (role) => roleNames[role] ?? '',

    // Agents come, change and go. Resources are never changed: `plus` and `minus` make new ones.
    addAgent(now, agent, { total }, used) {
      agents.set(agent, { total, used: total.minus(total), isActive: true });
      use(used);
      cycle(now);
    },
    updateAgent(now, agent, { total }) {
      agentOf(agent).total = total;
      cycle(now);
    },
    addResourceProvider(_now, agent, added, used) {
      agentOf(agent).total = agentOf(agent).total.plus(added);
      use(used);
    },
    removeAgent(_now, agent) {
      agents.delete(agent);
    },
    activateAgent(_now, agent) {
      agentOf(agent).isActive = true;
    },
    deactivateAgent(_now, agent) {
      agentOf(agent).isActive = false;
    },

    // So do frameworks. What one holds when it comes, agents have told already.
    addFramework(now, framework, { roles, suppressedRoles }, active) {
      frameworks.set(framework, { roles, suppressed: new Set(suppressedRoles), isActive: active });
      cycle(now);
    },
    updateFramework(_now, framework, { roles, suppressedRoles }) {
      const known = frameworkOf(framework);
      known.roles = roles;
      known.suppressed = new Set(suppressedRoles);
    },
    removeFramework(_now, framework) {
      frameworks.delete(framework);
      forgetRefusals(`${framework}/`);
    },
    activateFramework(now, framework) {
      frameworkOf(framework).isActive = true;
      cycle(now);
    },
    deactivateFramework(_now, framework) {
      frameworkOf(framework).isActive = false;
      forgetRefusals(`${framework}/`);
    },
    suppressOffers(_now, framework, roles) {
      const known = frameworkOf(framework);
      for (const role of roles.length === 0 ? known.roles : roles) known.suppressed.add(role);
    },
    reviveOffers(now, framework, roles) {
      const known = frameworkOf(framework);
      for (const role of roles.length === 0 ? known.roles : roles) {
        known.suppressed.delete(role);
        forgetRefusals(`${framework}/${role}/`);
      }
      cycle(now);
    },
    requestResources(now) {
      cycle(now);
    },

    // What comes back is handed out by the next tick: this call must not hand out anything.
    recoverResources(now, framework, role, agent, resources, refuse) {
      const known = agentOf(agent);
      known.used = known.used.minus(resources);
      if (refuse === null) return;
      declines++;
      if (refuse === 0) return;
      const duration = refuse < 0 ? DEFAULT_REFUSAL : Math.max(refuse, options.allocationInterval);
      refusals.set(`${framework}/${role}/${agent}`, now + duration);
    },
    updateAllocation() {
      throw new Error('this policy knows no operations on resources');
    },
    addCopies() {
      throw new Error('this policy knows no operations on resources');
    },
    updateAvailable() {
      throw new Error('this policy knows no operations on resources');
    },

    // What it does not heed.
    setQuota() {},
    setWeight() {},
    setWhitelist() {},
    setUnavailability() {},
    respondInverseOffer() {},
    recover() {},

    // Time passes only here.
    nextDeadline: () => /** @type {Micros} */ (tick),
    advance(now) {
      for (; tick <= now; tick += options.allocationInterval) cycle(tick);
    },

    // For the report.
    dominantShare: () => 0,
    metrics: () => ({
      allocationRuns,
      allocations,
      offerFiltersActive: refusals.size,
      declines,
      declinersPassedOver: 0,
    }),
  };
}
