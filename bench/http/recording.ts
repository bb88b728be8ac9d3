import { JSON_TYPE } from '../../drivers/linux/codec/index.ts';
import { type HttpRow, httpRow, median } from './http-row.ts';
import { Launching, measuredLaunch, type Stretch } from './launching.ts';
import { withFolder } from './work-folder.ts';

/** Recorded or not, so that neither is the first more often, nor follows the other more often than itself. */
const ORDER = [true, false, false, true, false, true, true, false] as const;

/**
 * What the journal costs: one master launches in stretches, with its recorder and without (`recording-main`). The stretches without it, paired with
 * one another, show how much of a difference is chance.
 *
 * @param rounds of eight stretches
 * @param tasks launched in each
 */
export async function recordingCase(name: string, rounds: number, tasks: number): Promise<HttpRow[]> {
  return await withFolder(async (folder) => {
    const shape = { agents: 200, frameworks: 10, tasksPerAccept: 10, type: JSON_TYPE } as const;
    const launching = await Launching.start(shape, [`--work_dir=${folder}`, '--port=0'], 'recording-main');
    await launching.launch(20_000);
    const withJournal: Stretch[] = [];
    const without: Stretch[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const isRecorded of ORDER) {
        await launching.master.ask(isRecorded ? 'record' : 'rest');
        (isRecorded ? withJournal : without).push(await measuredLaunch(launching, tasks));
      }
    }
    await launching.stop();
    const cpu = ({ masterCpuMicros }: Stretch): number => masterCpuMicros;
    const speed = ({ perSecond }: Stretch): number => perSecond;
    const odd = without.filter((_stretch, index) => index % 2 === 1);
    const even = without.filter((_stretch, index) => index % 2 === 0);
    return [
      httpRow(
        name,
        `${withJournal.length} pairs of ${tasks} launches, 10 per ACCEPT, 10 frameworks, 200 agents`,
        {
          launchesPerSecondWith: median(withJournal.map(speed)),
          launchesPerSecondWithout: median(without.map(speed)),
          masterCpuMicrosPerLaunchWith: median(withJournal.map(cpu)),
          masterCpuMicrosPerLaunchWithout: median(without.map(cpu)),
          cpuRatio: ratioOf(withJournal, without, cpu),
          throughputRatio: ratioOf(withJournal, without, speed),
          chanceCpuRatio: ratioOf(odd, even, cpu),
          chanceThroughputRatio: ratioOf(odd, even, speed),
        },
      ),
    ];
  });
}

/** Median of the ratios of neighbours. */
function ratioOf(a: readonly Stretch[], b: readonly Stretch[], of: (stretch: Stretch) => number): number {
  return median(a.map((stretch, index) => of(stretch) / of(b[index]!)));
}
