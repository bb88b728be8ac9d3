import type { OfferId } from '../core/index.ts';
import type { InverseOffer, SchedulerCall } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { refusal } from './offers.ts';
import type { MasterState } from './state.ts';

type InverseOfferCall = Extract<SchedulerCall, { type: 'ACCEPT_INVERSE_OFFERS' | 'DECLINE_INVERSE_OFFERS' }>;

/** Numbers of inverse offers begin beyond those of offers, so that neither is ever taken for the other. */
const FIRST_NUMBER = 2 ** 52;

/** An inverse offer that is out: at most one for an agent and a framework (spec 10 §1). */
export interface InverseOfferRecord {
  readonly offer: InverseOffer;
  readonly agent: AgentRecord;
  readonly framework: FrameworkRecord;
}

/** Turns what the allocator asks back into inverse offers, one event per framework. What cannot be asked, the allocator may ask again. */
export function flushInverseOffers(master: MasterState): void {
  const { askedFrameworks, askedAgents } = master;
  let index = 0;
  while (index < askedFrameworks.length) {
    const row = askedFrameworks[index]!;
    const framework = master.frameworks.get(row);
    const offers: InverseOffer[] = [];
    for (; index < askedFrameworks.length && askedFrameworks[index] === row; index++) {
      const agent = master.agents.get(askedAgents[index]!);
      if (framework === null || agent === null) continue;
      if (framework.stream === null || !agent.isOfferable || agent.unavailability === null)
        master.allocator.respondInverseOffer(master.now, agent.row, row, 'UNKNOWN', null);
      else offers.push(makeInverseOffer(master, framework, agent));
    }
    if (framework !== null && offers.length > 0)
      master.send(framework, { type: 'INVERSE_OFFERS', inverseOffers: offers });
  }
  askedFrameworks.length = 0;
  askedAgents.length = 0;
}

function makeInverseOffer(master: MasterState, framework: FrameworkRecord, agent: AgentRecord): InverseOffer {
  const id = (FIRST_NUMBER + master.nextInverseOffer++) as OfferId;
  const offer: InverseOffer = {
    id,
    frameworkId: framework.id,
    agentId: agent.id,
    unavailability: agent.unavailability!,
  };
  master.inverseOffers.set(id, { offer, agent, framework });
  framework.version++;
  return offer;
}

/** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: ids that are not out, or another framework's, are ignored (spec 03 §7). */
export function answerInverseOffers(
  master: MasterState,
  framework: FrameworkRecord,
  call: InverseOfferCall,
): void {
  const status = call.type === 'ACCEPT_INVERSE_OFFERS' ? 'ACCEPT' : 'DECLINE';
  for (const id of call.inverseOfferIds) {
    const record = master.inverseOffers.get(id);
    if (record === undefined || record.framework !== framework) continue;
    master.inverseOffers.delete(id);
    framework.version++;
    const { agent } = record;
    agent.inverseOfferStatuses ??= new Map();
    agent.inverseOfferStatuses.set(framework.id, { status, timestamp: master.now });
    master.allocator.respondInverseOffer(master.now, agent.row, framework.row, status, refusal(call.filters));
  }
}

/** Nothing is asked of the agent's frameworks any more: it went away, or goes away at another time. */
export function rescindInverseOffersOfAgent(master: MasterState, agent: AgentRecord): void {
  for (const record of master.inverseOffers.values()) {
    if (record.agent !== agent) continue;
    takeBack(master, record);
    master.send(record.framework, { type: 'RESCIND_INVERSE_OFFER', inverseOfferId: record.offer.id });
  }
}

/** The allocator is about to forget whom it has asked for the agent: what it has asked in this step is not asked, it will ask anew. */
export function forgetAsked({ askedFrameworks, askedAgents }: MasterState, agent: AgentRecord): void {
  let kept = 0;
  for (let index = 0; index < askedAgents.length; index++) {
    if (askedAgents[index] === agent.row) continue;
    askedAgents[kept] = askedAgents[index]!;
    askedFrameworks[kept++] = askedFrameworks[index]!;
  }
  askedAgents.length = kept;
  askedFrameworks.length = kept;
}

/** The framework went away or failed over: what it was asked is void, and asked anew once it is there. */
export function discardInverseOffersOfFramework(master: MasterState, framework: FrameworkRecord): void {
  for (const record of master.inverseOffers.values()) {
    if (record.framework === framework) takeBack(master, record);
  }
}

function takeBack(master: MasterState, { offer, agent, framework }: InverseOfferRecord): void {
  master.inverseOffers.delete(offer.id);
  framework.version++;
  master.allocator.respondInverseOffer(master.now, agent.row, framework.row, 'UNKNOWN', null);
}
