import type { AgentOutput } from '../../../engine/agent/index.ts';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import type { ChaosOutput } from '../../../frameworks/chaos/index.ts';
import { agentBooks } from './properties/agent-books.ts';
import { callIsolation } from './properties/call-isolation.ts';
import { capacity } from './properties/capacity.ts';
import { checkBooks, conservation } from './properties/conservation.ts';
import { constraints } from './properties/constraints.ts';
import { growth } from './properties/growth.ts';
import { patience } from './properties/patience.ts';
import { quota } from './properties/quota.ts';
import { reconciliationTruth } from './properties/reconciliation-truth.ts';
import { recovery } from './properties/recovery.ts';
import { removalPatience } from './properties/removal-patience.ts';
import { starvation } from './properties/starvation.ts';
import { terminalStates } from './properties/terminal-states.ts';
import { updateOrder } from './properties/update-order.ts';
import { operatorIntent } from './properties/operator-intent.ts';
import { durability } from './properties/durability.ts';
import { leaderOrders } from './properties/leader-orders.ts';
import { shutdownReasons } from './properties/shutdown-reasons.ts';
import { silence } from './properties/silence.ts';
import { fairness } from './properties/fairness.ts';
import type { Property } from './property.ts';
import type { Scene } from './scene.ts';

/** Events between two looks at the state, and between two thorough ones. */
const CHECK_EVERY = 32;
const BOOKS_EVERY = 1_024;

/** All properties of a run: hands each what it watches, and looks at the state now and then. */
export class Watch {
  readonly #scene: Scene;
  readonly #all: readonly Property[];
  readonly #ofMasterInputs: readonly Property[];
  readonly #ofMasterOutputs: readonly Property[];
  readonly #ofAgents: readonly Property[];
  readonly #ofFrameworks: readonly Property[];
  readonly #checks: readonly Property[];
  #countdown = CHECK_EVERY;
  #booksCountdown = BOOKS_EVERY;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#all = [
      conservation(),
      capacity(),
      updateOrder(),
      terminalStates(),
      reconciliationTruth(scene),
      constraints(scene),
      removalPatience(scene),
      callIsolation(),
      quota(),
      starvation(),
      recovery(),
      growth(),
      patience(scene),
      operatorIntent(),
      durability(scene),
      leaderOrders(scene),
      shutdownReasons(),
      silence(scene),
      fairness(scene),
      agentBooks(),
    ];
    this.#ofMasterInputs = this.#all.filter((one) => one.masterInput !== undefined);
    this.#ofMasterOutputs = this.#all.filter((one) => one.masterOutput !== undefined);
    this.#ofAgents = this.#all.filter((one) => one.agentOutput !== undefined);
    this.#ofFrameworks = this.#all.filter((one) => one.frameworkOutput !== undefined);
    this.#checks = this.#all.filter((one) => one.check !== undefined);
  }

  masterInput(now: Micros, master: number, input: MasterInput, machine: MasterMachine): void {
    for (const property of this.#ofMasterInputs) property.masterInput!(now, master, input, machine);
  }

  masterOutput(now: Micros, master: number, output: MasterOutput, machine: MasterMachine): void {
    for (const property of this.#ofMasterOutputs) property.masterOutput!(now, master, output, machine);
  }

  agentOutput(now: Micros, machine: number, output: AgentOutput): void {
    for (const property of this.#ofAgents) property.agentOutput!(now, machine, output);
  }

  frameworkOutput(now: Micros, framework: number, output: ChaosOutput): void {
    for (const property of this.#ofFrameworks) property.frameworkOutput!(now, framework, output);
  }

  /** After each event. */
  happened(): void {
    if (--this.#countdown > 0) return;
    this.#countdown = CHECK_EVERY;
    for (const property of this.#checks) property.check!(this.#scene);
    this.#booksCountdown -= CHECK_EVERY;
    if (this.#booksCountdown > 0) return;
    this.#booksCountdown = BOOKS_EVERY;
    const { leader } = this.#scene;
    if (leader !== null) checkBooks(leader);
  }

  /** All is healed and the bound has passed. */
  settled(): void {
    for (const property of this.#checks) property.check!(this.#scene);
    for (const property of this.#all) property.settled?.(this.#scene);
  }
}
