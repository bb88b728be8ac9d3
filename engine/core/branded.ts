declare const unit: unique symbol;

/** A `Base` that carries its meaning in its type: `Micros` and `Milli` are both numbers, and never mixed up. */
export type Branded<Base, Name extends string> = Base & { readonly [unit]: Name };
