import { assertNever } from '../core/index.ts';

/** Why a resource, a text or an operation on resources was refused. Nothing was changed. */
export type ResourceError =
  | { readonly code: 'TEXT_MALFORMED'; readonly item: string; readonly reason: TextFault }
  | { readonly code: 'JSON_MALFORMED'; readonly path: string; readonly expected: string }
  | { readonly code: 'NAME_EMPTY' }
  | { readonly code: 'TYPE_INVALID'; readonly name: string; readonly type: string }
  | { readonly code: 'TYPES_MIXED'; readonly name: string }
  | { readonly code: 'VALUE_MISMATCH'; readonly name: string; readonly type: string }
  | { readonly code: 'SCALAR_INVALID'; readonly name: string; readonly value: string }
  | { readonly code: 'SCALAR_TOO_SMALL'; readonly name: string; readonly value: string }
  | { readonly code: 'SCALAR_TOO_LARGE'; readonly name: string; readonly value: string }
  | { readonly code: 'RANGE_INVALID'; readonly name: string; readonly range: string }
  | { readonly code: 'RANGES_OVERLAP'; readonly name: string }
  | { readonly code: 'SET_REPEATS'; readonly name: string; readonly item: string }
  | { readonly code: 'ROLE_INVALID'; readonly role: string; readonly reason: RoleFault }
  | { readonly code: 'RESERVATION_INVALID'; readonly name: string; readonly reason: ReservationFault }
  | { readonly code: 'FORMATS_MIXED' }
  | { readonly code: 'DISK_INVALID'; readonly name: string; readonly reason: DiskFault }
  | { readonly code: 'SHARED_NOT_PERSISTENT'; readonly name: string }
  | { readonly code: 'LIMIT_REPEATED'; readonly name: string }
  | { readonly code: 'COMMAND_LINE_REFUSED'; readonly resource: string; readonly reason: CommandLineFault }
  | {
      readonly code: 'NOT_CONTAINED';
      readonly operation: string;
      readonly needed: string;
      readonly held: string;
    }
  | { readonly code: 'NOT_RESERVED'; readonly operation: string; readonly resource: string }
  | { readonly code: 'NOT_A_VOLUME'; readonly operation: string; readonly resource: string }
  | { readonly code: 'VOLUME_STILL_SHARED'; readonly volume: string }
  | { readonly code: 'RESIZE_INVALID'; readonly volume: string; readonly reason: ResizeFault };

export type TextFault =
  | 'COLON_MISSING'
  | 'COLON_EXTRA'
  | 'PARENTHESES_UNBALANCED'
  | 'BRACKETS_UNBALANCED'
  | 'BRACKET_MISPLACED'
  | 'VALUE_EMPTY'
  | 'VALUE_NOT_A_RESOURCE'
  | 'VALUE_NOT_A_QUANTITY'
  | 'VALUE_NOT_AN_ATTRIBUTE'
  | 'RANGES_MALFORMED';

export type RoleFault =
  | 'EMPTY'
  | 'SLASH_AT_END'
  | 'EMPTY_COMPONENT'
  | 'RESERVED_COMPONENT'
  | 'LEADING_DASH'
  | 'FORBIDDEN_CHARACTER';

export type ReservationFault =
  | 'TYPE_MISSING'
  | 'ROLE_MISSING'
  | 'ROLE_DEFAULT'
  | 'STATIC_NOT_FIRST'
  | 'NOT_A_SUBROLE'
  | 'LEGACY_FIELDS_CONFLICT'
  | 'LEGACY_TYPE_OR_ROLE'
  | 'LEGACY_UNRESERVED';

export type DiskFault =
  | 'NOT_A_DISK'
  | 'EMPTY'
  | 'VOLUME_NOT_PERSISTENT'
  | 'HOST_PATH'
  | 'VOLUME_SOURCE'
  | 'SOURCE_TYPE'
  | 'SOURCE_ROOT';

export type CommandLineFault = 'PERSISTENT_VOLUME' | 'REVOCABLE' | 'DYNAMIC_RESERVATION';

export type ResizeFault =
  | 'NOT_ONE_VOLUME'
  | 'SHARED'
  | 'PROVIDER'
  | 'INDIVISIBLE'
  | 'AMOUNT'
  | 'ADDITION_DIFFERS';

const TEXT_FAULTS: { readonly [Fault in TextFault]: string } = {
  COLON_MISSING: "no ':' between name and value",
  COLON_EXTRA: "more than one ':'",
  PARENTHESES_UNBALANCED: 'unbalanced parentheses; expected name(role):value',
  BRACKETS_UNBALANCED: 'unbalanced brackets',
  BRACKET_MISPLACED: 'a bracket inside the value; ranges are [1-10,20-30], sets are {a,b}',
  VALUE_EMPTY: 'the value is empty',
  VALUE_NOT_A_RESOURCE: 'text is no value of a resource; expected a number, [1-10] or {a,b}',
  VALUE_NOT_A_QUANTITY: 'expected name:number, without role, ranges or set',
  VALUE_NOT_AN_ATTRIBUTE: 'braces are no value of an attribute; expected a number, [1-10] or text',
  RANGES_MALFORMED: 'ranges are [begin-end,begin-end] in whole numbers up to 9007199254740991',
};

const ROLE_FAULTS: { readonly [Fault in RoleFault]: string } = {
  EMPTY: 'it is empty',
  SLASH_AT_END: "it starts or ends with '/'",
  EMPTY_COMPONENT: "it contains '//'",
  RESERVED_COMPONENT: "a component is '.', '..' or '*'",
  LEADING_DASH: "a component starts with '-'",
  FORBIDDEN_CHARACTER: 'it contains white space or DEL',
};

const RESERVATION_FAULTS: { readonly [Fault in ReservationFault]: string } = {
  TYPE_MISSING: "every entry of 'reservations' needs the type STATIC or DYNAMIC",
  ROLE_MISSING: "every entry of 'reservations' needs a role",
  ROLE_DEFAULT: "nothing can be reserved for the role '*'",
  STATIC_NOT_FIRST: 'only the first entry of a reservation stack may be STATIC',
  NOT_A_SUBROLE: 'each role of a reservation stack must be a strict subrole of the one before it',
  LEGACY_FIELDS_CONFLICT: "'role' or 'reservation' is set beside 'reservations' and does not agree with it",
  LEGACY_TYPE_OR_ROLE: "'reservation.type' and 'reservation.role' must be unset in the pre-refinement format",
  LEGACY_UNRESERVED: "'reservation' is set although the role is '*'",
};

const DISK_FAULTS: { readonly [Fault in DiskFault]: string } = {
  NOT_A_DISK: "DiskInfo is only allowed on 'disk'",
  EMPTY: 'DiskInfo is set but empty',
  VOLUME_NOT_PERSISTENT: 'Non-persistent volume not supported',
  HOST_PATH: "'volume.host_path' must be unset on a persistent volume",
  VOLUME_SOURCE: "'volume.image' and 'volume.source' must be unset on a persistent volume",
  SOURCE_TYPE: "'disk.source.type' must be PATH, MOUNT, BLOCK or RAW",
  SOURCE_ROOT: "'disk.source.path' goes with PATH only, 'disk.source.mount' with MOUNT only",
};

const COMMAND_LINE_FAULTS: { readonly [Fault in CommandLineFault]: string } = {
  PERSISTENT_VOLUME: 'persistent volumes cannot be given on the command line',
  REVOCABLE: 'revocable resources cannot be given on the command line',
  DYNAMIC_RESERVATION: 'dynamic reservations cannot be given on the command line',
};

const RESIZE_FAULTS: { readonly [Fault in ResizeFault]: string } = {
  NOT_ONE_VOLUME: 'expected exactly one persistent volume of type SCALAR',
  SHARED: 'a shared volume cannot be resized',
  PROVIDER: 'a volume of a resource provider cannot be resized',
  INDIVISIBLE: 'a volume that takes a whole disk cannot be resized',
  AMOUNT: 'the amount must be greater than 0, and less than the size when shrinking',
  ADDITION_DIFFERS: 'the addition must be disk of the same reservation and source as the volume',
};

/** What was wrong, with which object, and what would be accepted. */
export function resourceErrorText(error: ResourceError): string {
  switch (error.code) {
    case 'TEXT_MALFORMED':
      return `Cannot read '${error.item}': ${TEXT_FAULTS[error.reason]}`;
    case 'JSON_MALFORMED':
      return `Cannot read '${error.path}': expected ${error.expected}`;
    case 'NAME_EMPTY':
      return 'A resource has no name';
    case 'TYPE_INVALID':
      return `Resource '${error.name}' has the type '${error.type}'; expected SCALAR, RANGES or SET`;
    case 'TYPES_MIXED':
      return `Resource '${error.name}' is given with different value types; one name has one type`;
    case 'VALUE_MISMATCH':
      return `Resource '${error.name}' of type ${error.type} needs exactly the value field of that type`;
    case 'SCALAR_INVALID':
      return `Resource '${error.name}' has the value ${error.value}; expected a number of at least 0`;
    case 'SCALAR_TOO_SMALL':
      return `Resource '${error.name}' has the value ${error.value}, which rounds to 0; the smallest amount is 0.001`;
    case 'SCALAR_TOO_LARGE':
      return `Resource '${error.name}' has the value ${error.value}; the largest amount is 1099511627776`;
    case 'RANGE_INVALID':
      return `Resource '${error.name}' has the range ${error.range}; expected begin <= end, whole numbers from 0 to 9007199254740991`;
    case 'RANGES_OVERLAP':
      return `Resource '${error.name}' has ranges that overlap`;
    case 'SET_REPEATS':
      return `Resource '${error.name}' has the item '${error.item}' more than once`;
    case 'ROLE_INVALID':
      return `Role '${error.role}' is invalid: ${ROLE_FAULTS[error.reason]}`;
    case 'RESERVATION_INVALID':
      return `Resource '${error.name}': ${RESERVATION_FAULTS[error.reason]}`;
    case 'FORMATS_MIXED':
      return "Resources in the pre-refinement format ('role', 'reservation') and in the post-refinement format ('reservations') are mixed; use one";
    case 'DISK_INVALID':
      return `Resource '${error.name}': ${DISK_FAULTS[error.reason]}`;
    case 'SHARED_NOT_PERSISTENT':
      return `Resource '${error.name}' is shared; only persistent volumes may be`;
    case 'LIMIT_REPEATED':
      return `The limit of '${error.name}' is given more than once`;
    case 'COMMAND_LINE_REFUSED':
      return `Resource '${error.resource}': ${COMMAND_LINE_FAULTS[error.reason]}`;
    case 'NOT_CONTAINED':
      return `${error.operation} needs '${error.needed}', which is not contained in '${error.held}'`;
    case 'NOT_RESERVED':
      return `${error.operation} of '${error.resource}': it has no reservation`;
    case 'NOT_A_VOLUME':
      return `${error.operation} of '${error.resource}': it is no persistent volume`;
    case 'VOLUME_STILL_SHARED':
      return `DESTROY of '${error.volume}': other copies of the shared volume are in use`;
    case 'RESIZE_INVALID':
      return `Resize of '${error.volume}': ${RESIZE_FAULTS[error.reason]}`;
    default:
      return assertNever(error);
  }
}
