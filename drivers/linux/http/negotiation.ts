import { JSON_TYPE, type MediaType, PROTOBUF_TYPE } from '../codec/message/media-type.ts';
import { Refusal } from './refusal.ts';

export const RECORDIO_TYPE = 'application/recordio';

/** The part of a media type before its parameters, in lower case. */
function bareType(header: string): string {
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

/** How the body of a request is written (spec 01 §5): 400 without the header, 415 for another type. */
export function requestType(header: string | undefined): MediaType {
  if (header === undefined) throw new Refusal(400, "Expecting 'Content-Type' to be present");
  const type = bareType(header);
  if (type === JSON_TYPE || type === PROTOBUF_TYPE) return type;
  throw new Refusal(415, `Expecting 'Content-Type' of ${JSON_TYPE} or ${PROTOBUF_TYPE}`);
}

/** How the answer is to be written: JSON unless only protobuf is acceptable, 406 if neither is (spec 01 §5). */
export function responseType(header: string | undefined): MediaType {
  if (header === undefined || header.trim() === '') return JSON_TYPE;
  if (accepts(header, JSON_TYPE)) return JSON_TYPE;
  if (accepts(header, PROTOBUF_TYPE)) return PROTOBUF_TYPE;
  throw new Refusal(406, `Expecting 'Accept' to allow ${JSON_TYPE} or ${PROTOBUF_TYPE}`);
}

/** Whether an `Accept` header allows a type; the most specific range decides, a quality of 0 forbids (RFC 9110 §12.5.1). */
export function accepts(header: string, type: string): boolean {
  let specificity = -1;
  let allowed = false;
  const family = `${type.split('/')[0]!}/*`;
  for (const range of header.split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const rank = name === type ? 2 : name === family ? 1 : name === '*/*' || name === '*' ? 0 : -1;
    if (rank <= specificity) continue;
    specificity = rank;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    allowed = quality === undefined || Number(quality.slice(2)) > 0;
  }
  return allowed;
}
