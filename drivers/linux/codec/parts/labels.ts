import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Labels } from '../../../../engine/protocol/index.ts';
import type { LabelsSchema, LabelsValid } from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { own } from './presence.ts';

export function labelsFromWire(labels: LabelsValid | undefined): Labels | null {
  if (labels === undefined) return null;
  return labels.labels.map((label) => ({ key: label.key, value: own(label, 'value') }));
}

export function labelsToWire(labels: Labels | null): MessageInitShape<typeof LabelsSchema> | undefined {
  if (labels === null) return undefined;
  return { labels: labels.map(({ key, value }) => (value === null ? { key } : { key, value })) };
}
