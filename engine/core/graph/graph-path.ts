import type { ClassLayout } from './class-layout.ts';

/** Where `owner` has `part`: `.name`, `.#name`, `[3]`, ` key`; for messages. */
export function placeWithin(owner: object, part: unknown, layout: ClassLayout | null): string {
  if (Array.isArray(owner)) return `[${owner.indexOf(part)}]`;
  if (owner instanceof Set) return ' entry';
  if (owner instanceof Map) {
    for (const [key, value] of owner) if (value === part) return `[${keyText(key)}]`;
    return ' key';
  }
  if (layout !== null) {
    for (const [name, value] of Object.entries(layout.take(owner))) if (value === part) return `.#${name}`;
  }
  for (const [name, value] of Object.entries(owner)) if (value === part) return `.${name}`;
  return '.?';
}

function keyText(key: unknown): string {
  return typeof key === 'object' && key !== null ? 'object' : String(key);
}
