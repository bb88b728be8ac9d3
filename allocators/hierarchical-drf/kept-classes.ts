import { Rng } from '../../engine/core/index.ts';
import type { GraphClass, GraphConstants } from '../../engine/core/graph/index.ts';
import { AgentRow } from './agent-row.ts';
import { BatchTicks } from './batch-ticks.ts';
import { BlockedBits } from './blocked-bits.ts';
import { Books } from './books.ts';
import { ClusterTotals } from './cluster-totals.ts';
import { ConstraintCheck } from './constraint-check.ts';
import { Cycle } from './cycle.ts';
import { DeclinerGuard } from './decliner-guard.ts';
import { Demand } from './demand.ts';
import { DenseSet } from './dense-set.ts';
import { EventTiming } from './event-timing.ts';
import { ExpiryBuckets } from './expiry-buckets.ts';
import { FilterPages, FilterRow } from './filter-row.ts';
import { Maintenance } from './maintenance.ts';
import { MinimumOffer } from './minimum-offer.ts';
import { NO_BITS } from './no-bits.ts';
import { OfferFilters } from './offer-filters.ts';
import { PairBits } from './pair-bits.ts';
import { QuantityColumns } from './quantity-columns.ts';
import { QuotaTable } from './quota-table.ts';
import { RandomPlaces, RandomRoleOrder } from './random-order.ts';
import { AllocationRecords } from './records.ts';
import { RecoveryPause } from './recovery-pause.ts';
import { Refusals } from './refusals.ts';
import { RoleBook } from './role-book.ts';
import { RoleRoll } from './role-roll.ts';
import { RoleTree } from './role-tree.ts';
import { ShareTable } from './share-table.ts';
import { SharedCharge } from './shared-charge.ts';
import { SiblingOrder } from './sibling-order.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** What many of them share. */
export const KEPT_CONSTANTS: GraphConstants = { NO_BITS };

/** All that `HierarchicalDrf` keeps objects of between two calls. */
export const KEPT_CLASSES: readonly GraphClass[] = [
  AgentRow,
  AllocationRecords,
  BatchTicks,
  BlockedBits,
  Books,
  ClusterTotals,
  ConstraintCheck,
  Cycle,
  DeclinerGuard,
  Demand,
  DenseSet,
  EventTiming,
  ExpiryBuckets,
  FilterPages,
  FilterRow,
  Maintenance,
  MinimumOffer,
  OfferFilters,
  PairBits,
  QuantityColumns,
  QuotaTable,
  RandomPlaces,
  RandomRoleOrder,
  RecoveryPause,
  Refusals,
  Rng,
  RoleBook,
  RoleRoll,
  RoleTree,
  ShareTable,
  SharedCharge,
  SiblingOrder,
  WeightedDraw,
];
