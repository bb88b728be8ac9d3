import { edit, type Mutation } from './mutation.ts';

const SESSION = 'engine/registry/store-session.ts';

/** Bugs of the election and of the registry's store. */
export const REGISTRY_MUTATIONS: readonly Mutation[] = [
  {
    id: 'B17',
    title: 'Election starts before a quorum can vote',
    edits: [
      edit(
        SESSION,
        "if (answer.kind !== 'items') { this.#retryAt = this.#after(this.#options.retryDelay); return; }",
        "if (answer.kind !== 'items') { return; }",
      ),
    ],
    expects: ['L5'],
    note: 'A candidate whose read of the registry is not answered waits without asking again.',
  },
  {
    id: 'B18',
    title: 'Orders from a deposed master',
    edits: [
      edit(
        SESSION,
        "{ key: LEADER_KEY, field: 'createRevision', equals: this.#leadRevision }, { key: HEAD_KEY, field: 'modRevision', equals: this.#headRevision },",
        '',
      ),
    ],
    expects: ['S6', 'S11', 'S10'],
    note: 'Agents drop a deposed master with its connection; what is left of the fault is its pen: the store takes writes of whoever believes to lead.',
  },
  {
    id: 'B61',
    title: 'Cursor moves before the publish',
    edits: [
      edit(
        'engine/master/state.ts',
        "this.out.push({ kind: 'persist', index, operation });",
        "this.out.push({ kind: 'persist', index, operation }); if (then.kind === 'admit') this.tell({ link: then.link }, { type: 'AGENT_REGISTERED', agentId: then.id });",
      ),
    ],
    expects: ['S11', 'S5'],
    note: 'An agent is told that it is registered when the write is asked for, not when it is durable.',
  },
];
