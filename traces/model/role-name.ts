/**
 * A valid Mesos role name (spec 08 §1) for any text: a queue, virtual cluster, user or hash. What a role may not hold is written
 * `~` and its code in hexadecimal with `;`, and `~` itself too, so different texts never share a role, in whatever order they come.
 * No text at all is the role `~`. A `/` is escaped: a trace's names are no role hierarchy.
 */
export function roleName(text: string): string {
  if (text === '') return '~';
  if (!NEEDS_ESCAPE.test(text)) return text;
  if (text === '*' || text === '.' || text === '..') return [...text].map(escape).join('');
  return text.replace(FORBIDDEN, escape).replace(/^-/, escape);
}

const FORBIDDEN = /[\s/~\u0000-\u0020\u007f]/g;
const NEEDS_ESCAPE = /[\s/~\u0000-\u0020\u007f]|^-|^[*]$|^[.]{1,2}$/;

function escape(character: string): string {
  return `~${character.charCodeAt(0).toString(16)};`;
}
