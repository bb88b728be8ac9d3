import type { DiskInfo, DiskSource, DiskVolume } from './identity.ts';
import type { JsonFaults, JsonObject } from './json-object.ts';
import { labelsFromJson } from './labels-json.ts';
import type { DiskFault } from './resource-error.ts';

/** `Resource.disk` (spec 02 §7), null when absent. */
export function diskFromJson(name: string, resource: JsonObject, faults: JsonFaults): DiskInfo | null {
  const object = resource.object('disk');
  if (object === null) return null;
  const refuse = (reason: DiskFault) => faults.report({ code: 'DISK_INVALID', name, reason });
  if (name !== 'disk') refuse('NOT_A_DISK');
  const persistence = object.object('persistence');
  const volume = object.object('volume');
  const source = object.object('source');
  if (persistence === null && volume !== null) refuse('VOLUME_NOT_PERSISTENT');
  if (persistence === null && volume === null && source === null) refuse('EMPTY');
  return {
    source: source === null ? null : sourceFromJson(source, refuse),
    persistence:
      persistence === null
        ? null
        : { id: persistence.requiredText('id'), principal: persistence.text('principal') },
    volume: volume === null ? null : volumeFromJson(volume, faults, refuse),
  };
}

function sourceFromJson(source: JsonObject, refuse: (reason: DiskFault) => void): DiskSource {
  const type = source.requiredText('type');
  const isKnown = type === 'PATH' || type === 'MOUNT' || type === 'BLOCK' || type === 'RAW';
  if (!isKnown) refuse('SOURCE_TYPE');
  const path = source.object('path');
  const mount = source.object('mount');
  if ((path !== null && type !== 'PATH') || (mount !== null && type !== 'MOUNT')) refuse('SOURCE_ROOT');
  const directory = path ?? mount;
  return {
    type: isKnown ? type : 'PATH',
    root: directory === null ? null : directory.text('root'),
    vendor: source.text('vendor'),
    id: source.text('id'),
    metadata: labelsFromJson(source, 'metadata'),
    profile: source.text('profile'),
  };
}

function volumeFromJson(
  volume: JsonObject,
  faults: JsonFaults,
  refuse: (reason: DiskFault) => void,
): DiskVolume {
  const containerPath = volume.requiredText('container_path');
  const mode = volume.requiredText('mode');
  if (mode !== 'RW' && mode !== 'RO') {
    faults.report({ code: 'JSON_MALFORMED', path: `${volume.path}.mode`, expected: 'RW or RO' });
  }
  if (volume.has('host_path')) refuse('HOST_PATH');
  if (volume.has('image') || volume.has('source')) refuse('VOLUME_SOURCE');
  return { containerPath, mode: mode === 'RO' ? 'RO' : 'RW' };
}
