import {
  MICROS_PER_SECOND,
  type Micros,
  micros,
  type Milli,
  milli,
  ZERO_MILLI,
} from '../../engine/core/index.ts';
import type { Job, MachineSpec, PlacementConstraint } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { replayWorkload } from '../model/replay.ts';
import { roleName } from '../model/role-name.ts';
import { Shapes } from '../model/shapes.ts';
import { Tally } from '../model/tally.ts';
import { TraceError } from '../model/trace-error.ts';
import type { Cluster, OpenedTrace } from '../model/workload.ts';
import { Interned, owned } from '../text/owned.ts';
import type { Row } from '../text/row.ts';
import { readWholeTable, type TableLayout } from '../text/table.ts';
import { companion, hasHeader, type TraceFormat, type TraceSource, type TraceSourceFile } from './format.ts';

const PODS: TableLayout = {
  separator: ',',
  columns: [
    'name',
    'cpu_milli',
    'memory_mib',
    'num_gpu',
    'gpu_milli',
    'gpu_spec',
    'qos',
    'pod_phase',
    'creation_time',
    'deletion_time',
    'scheduled_time',
  ],
  naming: 'header',
  required: 5,
  strangers: 'ignored',
};
const NAME = 0;
const CPU_MILLI = 1;
const MEMORY_MIB = 2;
const NUM_GPU = 3;
const GPU_MILLI = 4;
const GPU_SPEC = 5;
const QOS = 6;
const CREATION_TIME = 8;
const DELETION_TIME = 9;
const SCHEDULED_TIME = 10;

const NODES: TableLayout = {
  separator: ',',
  columns: ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'],
  naming: 'header',
  required: 5,
  strangers: 'ignored',
};
const SN = 0;
const GPU = 3;
const MODEL = 4;

/** Name of the attribute that constraints on a GPU model speak of. */
const GPU_MODEL = 'gpu_model';
const WHOLE_DEVICE = 1_000;

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'pods',
    meaning: 'pod list to replay, where a folder holds several: the part of its name after openb_pod_list_',
    fallback: 'default',
    example: 'gpuspec33',
  },
  {
    name: 'nodes',
    meaning: 'node list that is the cluster: all, or gpu for the machines with GPUs only',
    fallback: 'all',
    example: 'gpu',
  },
  {
    name: 'role-by',
    meaning: 'role of a pod: its qos, or none for one role "default" (the trace has no user or queue)',
    fallback: 'qos',
    example: 'none',
  },
  {
    name: 'run-time-from',
    meaning: 'a pod runs for its deletion time less its creation or its scheduled time (pending: creation)',
    fallback: 'creation',
    example: 'scheduled',
  },
  {
    name: 'gpu-sharing',
    meaning: 'a share of a GPU counts as a fraction of gpus, or is rounded up to a whole device',
    fallback: 'fraction',
    example: 'whole',
  },
  {
    name: 'pod-run-time',
    meaning: 'run time in seconds of every pod of a list without times',
    fallback: null,
    example: '3600',
  },
  {
    name: 'pod-interval',
    meaning: 'seconds between the arrivals of pods of a list without times',
    fallback: null,
    example: '10',
  },
];

/** Larger runs first within a role: latency-sensitive and guaranteed work before burstable before best effort. */
const PRIORITY_OF_QOS: ReadonlyMap<string, number> = new Map([
  ['LS', 3],
  ['Guaranteed', 3],
  ['Burstable', 2],
  ['BE', 1],
]);

/** GPU-sharing cluster of Alibaba, 2023 (traces/samples/openb-2023/README.md). */
export const openb: TraceFormat = {
  name: 'openb-2023',
  title: 'Alibaba GPU-sharing cluster, 2023',
  describe:
    'A pod list (openb_pod_list_*) and a node list (openb_node_list_*), read by header name. One pod is a job of one task.',
  assumptions: ASSUMPTIONS,
  detect: (file) => hasHeader(file, PODS.columns.slice(0, PODS.required)),
  async open(source, options) {
    const assumptions = new Assumptions(openb.name, ASSUMPTIONS, options.assumptions);
    const pods = podList(source, assumptions);
    const model = podModel(pods, assumptions);
    const cluster = await readCluster(source, assumptions);
    assumptions.state('the devices of a machine are one pool: a share of a GPU is not bound to one device');
    const workload = replayWorkload(
      {
        name: source.name,
        format: openb.name,
        assumptions: assumptions.lines,
        async *read(tally) {
          const jobs = await readWholeTable(pods, PODS, tally, podReader(model));
          // Array.sort is stable: pods of one second stay in the order of the file.
          yield jobs.sort((left, right) => left.arrival - right.arrival);
        },
      },
      options,
    );
    return { workload, cluster } satisfies OpenedTrace;
  },
};

interface PodModel {
  readonly byQos: boolean;
  readonly fromScheduled: boolean;
  readonly wholeDevices: boolean;
  /** For lists without times; null if the list has them. */
  readonly untimed: { readonly runTime: Micros; readonly interval: Micros } | null;
}

function podList(source: TraceSource, assumptions: Assumptions): TraceSourceFile {
  const lists = source.files.filter((file) => openb.detect(file));
  if (lists.length === 1) return lists[0]!;
  const wanted = `openb_pod_list_${assumptions.text('pods')}.csv`;
  const chosen = lists.find((file) => file.name === wanted);
  if (chosen !== undefined) return chosen;
  throw new TraceError(
    `${source.name}: no pod list ${wanted}, expected --assume pods=<part after openb_pod_list_> of: ${lists.map((file) => file.name).join(', ')}`,
  );
}

function podModel(pods: TraceSourceFile, assumptions: Assumptions): PodModel {
  const timed = hasHeader(pods, ['creation_time', 'deletion_time']);
  if (!timed) assumptions.require(['pod-run-time', 'pod-interval']);
  return {
    byQos: assumptions.choice('role-by', ['qos', 'none']) === 'qos',
    fromScheduled: timed && assumptions.choice('run-time-from', ['creation', 'scheduled']) === 'scheduled',
    wholeDevices: assumptions.choice('gpu-sharing', ['fraction', 'whole']) === 'whole',
    untimed: timed
      ? null
      : { runTime: assumptions.seconds('pod-run-time'), interval: assumptions.seconds('pod-interval') },
  };
}

function podReader(model: PodModel): (row: Row) => Job {
  const shapes = new Shapes();
  const names = new Interned();
  const constraints = new Map<string, readonly PlacementConstraint[]>();
  let pods = 0;
  return (row) => {
    const gpus = podGpus(row, model.wholeDevices);
    const resources = shapes.of(
      milli(row.count(CPU_MILLI, 0)),
      milli(row.count(MEMORY_MIB, 0, 1e12) * 1_000),
      ZERO_MILLI,
      gpus,
    );
    if (resources.isEmpty) throw row.bad(CPU_MILLI, 'a pod that needs something');
    const times = podTimes(row, model, pods++);
    const qos = row.text(QOS);
    return {
      id: owned(row.nonEmpty(NAME)),
      arrival: times.arrival,
      role: model.byQos && qos !== '' ? names.of(roleName(qos)) : 'default',
      user: null,
      priority: PRIORITY_OF_QOS.get(qos) ?? 0,
      gang: false,
      tasks: [
        {
          count: 1,
          resources,
          duration: times.duration,
          constraints: constraintsOf(row.text(GPU_SPEC), constraints),
        },
      ],
    };
  };
}

/** A share is of one device: below 1000 only with one GPU (README). */
function podGpus(row: Row, wholeDevices: boolean): Milli {
  const devices = row.count(NUM_GPU, 0, 64);
  if (devices === 0) return ZERO_MILLI;
  const share = row.count(GPU_MILLI, 1, WHOLE_DEVICE);
  if (devices > 1 && share < WHOLE_DEVICE) throw row.bad(GPU_MILLI, `1000, as num_gpu is ${devices}`);
  return milli(devices * (wholeDevices ? WHOLE_DEVICE : share));
}

function podTimes(row: Row, model: PodModel, index: number): { arrival: Micros; duration: Micros } {
  if (model.untimed !== null) {
    return { arrival: micros(index * model.untimed.interval), duration: model.untimed.runTime };
  }
  const arrival = row.seconds(CREATION_TIME);
  const deletion = row.seconds(DELETION_TIME);
  if (deletion < arrival) {
    throw row.bad(DELETION_TIME, `creation_time ${arrival / MICROS_PER_SECOND} or later`);
  }
  let start = arrival;
  if (row.text(SCHEDULED_TIME) !== '') {
    const scheduled = row.seconds(SCHEDULED_TIME);
    if (scheduled < arrival || scheduled > deletion) {
      throw row.bad(SCHEDULED_TIME, 'nothing, or a time from creation_time to deletion_time');
    }
    if (model.fromScheduled) start = scheduled;
  }
  return { arrival, duration: runTime(deletion - start) };
}

function constraintsOf(
  spec: string,
  known: Map<string, readonly PlacementConstraint[]>,
): readonly PlacementConstraint[] {
  const found = known.get(spec);
  if (found !== undefined) return found;
  const values = [...new Set(spec.split('|').filter((value) => value !== ''))].map(owned);
  const made: readonly PlacementConstraint[] =
    values.length === 0 ? [] : [{ attribute: GPU_MODEL, operator: 'IN', values }];
  known.set(owned(spec), made);
  return made;
}

async function readCluster(source: TraceSource, assumptions: Assumptions): Promise<Cluster | null> {
  const isNodeList = (file: TraceSourceFile) => hasHeader(file, NODES.columns);
  const named = source.files.filter(isNodeList);
  let nodes: TraceSourceFile | null = named.length === 1 ? named[0]! : null;
  if (nodes === null) {
    const which = assumptions.choice('nodes', ['all', 'gpu']);
    nodes = companion(
      source,
      (file) => isNodeList(file) && file.name === `openb_node_list_${which}_node.csv`,
    );
  }
  if (nodes === null) return null;
  const shapes = new Shapes();
  // The cluster is not the workload: a bad node is an error under either strictness.
  const machines = await readWholeTable(nodes, NODES, new Tally('strict'), (row) => readNode(row, shapes));
  return {
    name: nodes.name,
    machines,
    events: [],
    assumptions: [`machines: ${nodes.name}; none of them fails or joins later`],
  };
}

function readNode(row: Row, shapes: Shapes): MachineSpec {
  const model = row.text(MODEL);
  return {
    name: owned(row.nonEmpty(SN)),
    resources: shapes.of(
      milli(row.count(CPU_MILLI, 1)),
      milli(row.count(MEMORY_MIB, 1, 1e12) * 1_000),
      ZERO_MILLI,
      milli(row.count(GPU, 0, 1_000) * 1_000),
    ),
    attributes: model === '' ? [] : [{ name: GPU_MODEL, type: 'TEXT', text: owned(model) }],
    domain: null,
  };
}
