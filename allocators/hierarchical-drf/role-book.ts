import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Role } from '../../engine/master/index.ts';

/** Stands for the parent of a top-level role. */
export const NO_ROLE = -1;

/** Numbers for role names, given in order of first mention and never reused. A role's ancestors have numbers too, smaller than its own. */
export class RoleBook {
  #numbers = new Map<string, Role>();
  #names: string[] = [];
  #parents: (Role | typeof NO_ROLE)[] = [];

  role(name: string): Role {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const slash = name.lastIndexOf('/');
    const parent = slash < 0 ? NO_ROLE : this.role(name.slice(0, slash));
    const role = this.#names.length as Role;
    this.#names.push(name);
    this.#parents.push(parent);
    this.#numbers.set(name, role);
    return role;
  }

  /** The number of a role that was mentioned before, else null. */
  find(name: string): Role | null {
    return this.#numbers.get(name) ?? null;
  }

  /** How many roles have a number. */
  get size(): number {
    return this.#names.length;
  }

  name(role: Role): string {
    return this.#names[role]!;
  }

  /** The last component of the name, by which siblings are told apart. */
  component(role: Role): string {
    const name = this.#names[role]!;
    return name.slice(name.lastIndexOf('/') + 1);
  }

  parent(role: Role): Role | typeof NO_ROLE {
    return this.#parents[role]!;
  }

  /** The first component's role: the one that quota is kept for. */
  topLevel(role: Role): Role {
    let top = role;
    for (let parent = this.#parents[top]!; parent !== NO_ROLE; parent = this.#parents[top]!) top = parent;
    return top;
  }

  isNested(role: Role): boolean {
    return this.#parents[role] !== NO_ROLE;
  }

  static readonly layout = fieldsLayout({
    take: (it: RoleBook) => ({ numbers: it.#numbers, names: it.#names, parents: it.#parents }),
    put: (it, fields) => {
      it.#numbers = fields.numbers;
      it.#names = fields.names;
      it.#parents = fields.parents;
    },
  });
}
