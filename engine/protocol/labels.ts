/** Free key-value pairs; order and repeated keys are kept, as on the wire. */
export type Labels = readonly { readonly key: string; readonly value: string | null }[];
