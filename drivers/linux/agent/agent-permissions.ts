import { type Acls, type Viewer, viewerOf } from '../../../engine/authorization/index.ts';
import {
  type AgentView,
  type ContainerHandle,
  containerUsers,
  visibleView,
} from '../../../engine/agent/index.ts';
import type { AuthorizationAction } from '../../../engine/protocol/index.ts';
import { checkMay, type May, mayBy } from '../security/permissions.ts';
import type { AgentContainer } from './agent-containers.ts';

/** Who may do and see what on an agent (spec 14 §2): its ACLs, and the users that they are about. */
export class AgentPermissions {
  readonly #acls: Acls | null;
  readonly #view: () => AgentView;
  readonly may: May;

  constructor(acls: Acls | null, view: () => AgentView) {
    this.#acls = acls;
    this.#view = view;
    this.may = mayBy(acls);
  }

  viewer(principal: string | null): Viewer {
    return viewerOf(this.#acls, principal);
  }

  /** The agent as far as a principal may see it. */
  view(principal: string | null): AgentView {
    return visibleView(this.#view(), this.viewer(principal));
  }

  /** Throws Refusal: 403. */
  check(principal: string | null, action: AuthorizationAction, object: string | null = null): void {
    checkMay(this, principal, action, object);
  }

  /** For an action whose objects are the users of executors. Throws Refusal: 403. */
  checkOn(principal: string | null, action: AuthorizationAction, container: AgentContainer): void {
    if (this.#acls !== null) this.check(principal, action, this.userOf(outermost(container)));
  }

  /** Which containers a principal may see. */
  visibleContainers(principal: string | null): (container: AgentContainer) => boolean {
    if (this.#acls === null) return () => true;
    const users = containerUsers(this.#view());
    return (container) => this.may(principal, 'view_containers', users.get(outermost(container)) ?? null);
  }

  /** Whether a principal may read what is in the sandbox of an executor's container. */
  mayAccessSandbox(principal: string | null, container: ContainerHandle): boolean {
    return this.#acls === null || this.may(principal, 'access_sandboxes', this.userOf(container));
  }

  /** Whose the container of an executor is; null when the agent does not remember it. */
  userOf(container: ContainerHandle): string | null {
    return containerUsers(this.#view()).get(container) ?? null;
  }
}

/** The container of the executor that one is in. */
function outermost(container: AgentContainer): ContainerHandle {
  let outer = container;
  while (outer.parent !== null) outer = outer.parent;
  return outer.handle;
}
