import type { ResourceOperation } from '../../engine/resources/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import { type Decoder, isObject, list, MalformedInput, orElse, shape, word } from './decode.ts';
import { resources, scalarText } from './notation.ts';

/** One decoder for each operation of conformance README §3. */
const OPERATIONS: Readonly<Record<ResourceOperation['type'], Decoder<ResourceOperation>>> = {
  RESERVE: shape({ type: word(['RESERVE']), resources, source: orElse(resources, Resources.EMPTY) }),
  UNRESERVE: shape({ type: word(['UNRESERVE']), resources }),
  CREATE: shape({ type: word(['CREATE']), volumes: resources }),
  DESTROY: shape({ type: word(['DESTROY']), volumes: resources }),
  REMOVE: shape({ type: word(['REMOVE']), resources }),
  GROW_VOLUME: shape({ type: word(['GROW_VOLUME']), volume: resources, addition: resources }),
  SHRINK_VOLUME: shape({ type: word(['SHRINK_VOLUME']), volume: resources, subtract: scalarText }),
};

const TYPES = Object.keys(OPERATIONS) as readonly ResourceOperation['type'][];

const operation: Decoder<ResourceOperation> = (value, path) => {
  if (!isObject(value)) throw new MalformedInput(path, 'expected an operation object with a "type"');
  return OPERATIONS[word(TYPES)(value['type'], `${path}.type`)](value, path);
};

/** A list of operations, done in order, all or none. */
export const operations: Decoder<readonly ResourceOperation[]> = list(operation, 1);
