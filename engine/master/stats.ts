import { fieldsLayout } from '../core/graph/index.ts';
import type { Resources } from '../resources/index.ts';

/** Sums of scalars by kind, in thousandths; integers in doubles, so they never drift. */
export class KindSums {
  cpus = 0;
  mem = 0;
  disk = 0;
  gpus = 0;

  add(resources: Resources): void {
    this.cpus += resources.cpus;
    this.mem += resources.mem;
    this.disk += resources.disk;
    this.gpus += resources.gpus;
  }

  subtract(resources: Resources): void {
    this.cpus -= resources.cpus;
    this.mem -= resources.mem;
    this.disk -= resources.disk;
    this.gpus -= resources.gpus;
  }

  static readonly layout = fieldsLayout({});
}

/** What the master counts while it runs; read between steps. */
export class MasterStats {
  /** Of connected agents. */
  readonly total = new KindSums();
  /** In use by tasks and executors, of all registered agents. */
  readonly allocated = new KindSums();
  /** In outstanding offers. */
  readonly offered = new KindSums();
  agentsConnected = 0;
  offersMade = 0;
  offersAccepted = 0;
  offersDeclined = 0;
  offersRescinded = 0;
  /** Of the rescinded: those that nobody answered in time. */
  offersTimedOut = 0;
  tasksLaunched = 0;
  steps = 0;

  static readonly layout = fieldsLayout({});
}
