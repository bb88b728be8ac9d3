import type { Shape } from './shape.ts';

/** Sums of the four kinds that jobs ask for, thousandths (mem and disk of a MiB); exact integers. */
export class Amounts {
  cpus = 0;
  mem = 0;
  gpus = 0;
  disk = 0;

  /** Adds `count` times `shape`; a negative count takes off. */
  add(shape: Amount, count: number): void {
    this.cpus += shape.cpus * count;
    this.mem += shape.mem * count;
    this.gpus += shape.gpus * count;
    this.disk += shape.disk * count;
  }

  covers(other: Amount): boolean {
    return (
      this.cpus >= other.cpus && this.mem >= other.mem && this.gpus >= other.gpus && this.disk >= other.disk
    );
  }

  equals(other: Amount): boolean {
    return (
      this.cpus === other.cpus &&
      this.mem === other.mem &&
      this.gpus === other.gpus &&
      this.disk === other.disk
    );
  }

  clear(): void {
    this.cpus = 0;
    this.mem = 0;
    this.gpus = 0;
    this.disk = 0;
  }
}

/** Thousandths of each kind; `Resources`, `Shape` and `Amounts` all are. */
export type Amount = Pick<Shape, 'cpus' | 'mem' | 'gpus' | 'disk'>;
