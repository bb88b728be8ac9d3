import { assert } from '../../engine/core/index.ts';
import { Quantities, Resources } from '../../engine/resources/index.ts';
import type { AgentRow } from './agent-row.ts';
import type { Books } from './books.ts';
import type { Client } from './client.ts';

/** Works out from totals and holdings what the books keep, and asserts that they agree. */
export function checkBooks(books: Books): void {
  let total = Quantities.EMPTY;
  let agents = 0;
  const parts = new Map<Client, number>();
  const byClient = new Map<number, Quantities>();
  const byRole = new Map<number, Quantities>();
  for (const row of books.agents) {
    if (row === null) continue;
    agents++;
    total = total.plus(row.total.quantities());
    checkAgent(books, row);
    const roles = new Map<number, Resources>();
    for (const [client, held] of holdings(books, row, parts)) {
      if (!client.isTracked) continue;
      add(byClient, client.row, held.quantities());
      roles.set(client.role, (roles.get(client.role) ?? Resources.EMPTY).plus(held));
    }
    for (const [role, held] of roles) add(byRole, role, held.quantities());
  }
  assert(agents === books.agentCount, 'the agents are counted');
  for (let column = 0; column < books.columns.count; column++) {
    const name = books.columns.name(column);
    assert(books.totals.amount(name) === total.get(name), 'the cluster has what its agents have');
    checkClientColumn(books, column, byClient);
    for (const role of books.tree.clients()) {
      const held = byRole.get(role)?.get(name) ?? 0;
      assert(books.tree.heldByLeaf(role, column) === held, 'a role is charged what its frameworks hold');
    }
  }
  checkClients(books, parts);
  books.tree.checkInvariants();
  books.filters.checkInvariants();
}

function holdings(books: Books, row: AgentRow, parts: Map<Client, number>): Map<Client, Resources> {
  const byClient = new Map<Client, Resources>();
  row.forEachPart((holder, resources) => {
    const client = books.clients[holder];
    assert(client != null, 'a holder is known');
    parts.set(client, (parts.get(client) ?? 0) + 1);
    byClient.set(client, (byClient.get(client) ?? Resources.EMPTY).plus(resources));
  });
  return byClient;
}

function checkAgent(books: Books, row: AgentRow): void {
  const sum = row.heldByAll();
  const free = row.total.nonShared().minus(sum.nonShared()).plus(row.total.shared());
  assert(row.free.equals(free), 'what is free is the total without what is held');
  assert(row.isIntricate || row.total.contains(sum), 'no more is held than there is, unless that was stated');
  assert(
    row.isIntricate || row.free.plus(sum).equals(row.total),
    'what is free and what is held is all there is',
  );
  assert(
    books.open.has(row.agent) === row.isOfferable,
    'the open agents are those of which something can be offered',
  );
  assert(!books.unsettled.has(row.agent) || row.isOfferable, 'an unsettled agent is open');
}

function checkClientColumn(books: Books, column: number, byClient: Map<number, Quantities>): void {
  const name = books.columns.name(column);
  for (const client of books.clients) {
    if (client == null || !client.isTracked) continue;
    const held = byClient.get(client.row)?.get(name) ?? 0;
    assert(books.shares.held(client.row, column) === held, 'a framework is charged what it holds');
  }
}

function checkClients(books: Books, parts: Map<Client, number>): void {
  books.shares.settle();
  let active = 0;
  const activeByRole = new Map<number, number>();
  for (const client of books.clients) {
    if (client == null) continue;
    assert(client.parts === (parts.get(client) ?? 0), 'the parts of a client are counted');
    assert(books.shares.isActive(client.row) === client.isActive, 'an active client is so in its sorter');
    const share = books.shares.share(client.row);
    assert(
      !client.isTracked || share === books.shares.shareFromScratch(client.row),
      'a stored share is the one computed anew',
    );
    if (!client.isActive) continue;
    active++;
    activeByRole.set(client.role, (activeByRole.get(client.role) ?? 0) + 1);
  }
  assert(active === books.activeClients, 'the active clients are counted');
  for (const role of books.tree.clients()) {
    const expected = activeByRole.get(role) ?? 0;
    assert(books.tree.isActive(role) === expected > 0, 'a role takes part while one of its frameworks does');
    const order = books.order(role);
    let listed = 0;
    for (let index = 0; index < order.length; index++) if (books.shares.isActive(order.at(index))) listed++;
    assert(listed === expected, 'the order of a role lists its active frameworks');
    for (let index = 1; index < order.length; index++) {
      assert(
        books.shares.precedes(order.at(index - 1), order.at(index)),
        'an order is sorted after settling',
      );
    }
  }
}

function add(sums: Map<number, Quantities>, key: number, quantities: Quantities): void {
  sums.set(key, (sums.get(key) ?? Quantities.EMPTY).plus(quantities));
}
