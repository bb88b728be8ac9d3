import { WireError } from '../codec/message/wire-error.ts';
import { parseJson } from '../codec/message/parse-json.ts';
import { readJson } from '../codec/message/read-json.ts';
import { CredentialsSchema, type CredentialsValid } from '../proto/generated/mesos/v1/mesos_pb.ts';

/**
 * Secrets by principal from the text of a credentials file (spec 14 §1): `{"credentials": [{"principal": "p", "secret": "s"}]}`, or lines of a principal,
 * a space, a secret. Throws an Error that names the place and never a secret.
 */
export function parseCredentials(text: string): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>();
  const add = (principal: string, secret: string, place: string): void => {
    if (principal === '') throw new Error(`Credentials, ${place}: the principal is empty`);
    if (principal.includes(':')) throw new Error(`Credentials, ${place}: a principal must not contain ':'`);
    if (secret === '') throw new Error(`Credentials, ${place}: '${principal}' has no secret`);
    if (credentials.has(principal)) throw new Error(`Credentials, ${place}: '${principal}' is given twice`);
    credentials.set(principal, secret);
  };
  if (text.trimStart().startsWith('{')) {
    let message: CredentialsValid | null = null;
    let malformed = '';
    try {
      message = readJson(CredentialsSchema, parseJson(text));
    } catch (error) {
      // The error itself stays here: the parser's own message may quote the text.
      const where = error instanceof WireError && error.path !== '' ? ` at '${error.path}'` : '';
      malformed = `Credentials: the JSON is malformed${where}; expected {"credentials": [{"principal": …, "secret": …}]}`;
    }
    if (message === null) throw new Error(malformed);
    message.credentials.forEach(({ principal, secret }, index) => {
      add(principal, secret, `entry ${index + 1}`);
    });
  } else {
    text.split('\n').forEach((line, index) => {
      if (line.trim() === '') return;
      const parts = /^\s*(\S+)\s+(\S+)\s*$/.exec(line);
      if (parts === null)
        throw new Error(`Credentials, line ${index + 1}: expected a principal, a space and a secret`);
      add(parts[1]!, parts[2]!, `line ${index + 1}`);
    });
  }
  return credentials;
}
