/** `OfferConstraints` (spec 03 §10): per role, groups are OR-ed, the constraints of a group AND-ed. */
export interface OfferConstraints {
  readonly roleConstraints: ReadonlyMap<string, { readonly groups: readonly ConstraintGroup[] }>;
}

export interface ConstraintGroup {
  readonly attributeConstraints: readonly AttributeConstraint[];
}

export interface AttributeConstraint {
  readonly selector:
    | { readonly kind: 'attribute'; readonly name: string }
    | { readonly kind: 'pseudoattribute'; readonly type: 'HOSTNAME' | 'REGION' | 'ZONE' };
  readonly predicate:
    | { readonly kind: 'exists' | 'not_exists' }
    | { readonly kind: 'text_equals' | 'text_not_equals'; readonly value: string }
    | { readonly kind: 'text_matches' | 'text_not_matches'; readonly regex: string };
}
