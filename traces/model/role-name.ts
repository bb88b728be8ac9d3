/**
 * A valid Mesos role name (spec 08 §1) for any text: a queue, virtual cluster, user or hash. What a role may not hold is written
 * `~` and its code in hexadecimal with `;`, and `~` itself too, so different texts never share a role, in whatever order they come.
 * No text at all is the role `~`. A `/` is escaped: a trace's names are no role hierarchy.
 */
export function roleName(text: string): string {
  if (text === '') return '~';
  if (!NEEDS_ESCAPE.test(text)) return text;
  if (text === '*' || text === '.' || text === '..') return text.replace(/./g, escape);
  return text.replace(FORBIDDEN, escape).replace(/^-/, escape);
}

const FORBIDDEN = /[\s/~\p{Cc}]/gu;
const NEEDS_ESCAPE = /[\s/~\p{Cc}]|^-|^[*]$|^[.]{1,2}$/u;

function escape(character: string): string {
  return `~${character.charCodeAt(0).toString(16)};`;
}
