import { JSON_TYPE } from '../../drivers/linux/codec/index.ts';
import { type HttpRow, httpRow, median } from './http-row.ts';
import { Launching, measuredLaunch, type Stretch } from './launching.ts';
import { withFolder } from './work-folder.ts';

/** What the journal costs: two masters, one with it, launch in turns, so that whatever else the machine does meets both alike. */
export async function recordingCase(name: string, rounds: number, tasks: number): Promise<HttpRow[]> {
  return await withFolder((on) =>
    withFolder(async (off) => {
      const shape = { agents: 200, frameworks: 10, tasksPerAccept: 10, type: JSON_TYPE } as const;
      const recorded = await Launching.start(shape, [`--work_dir=${on}`, '--port=0']);
      const plain = await Launching.start(shape, [`--work_dir=${off}`, '--port=0', '--no-journal']);
      const withJournal: Stretch[] = [];
      const without: Stretch[] = [];
      await recorded.launch(tasks * 2);
      await plain.launch(tasks * 2);
      for (let round = 0; round < rounds; round++) {
        // Neither is always the first.
        if (round % 2 === 0) withJournal.push(await measuredLaunch(recorded, tasks));
        without.push(await measuredLaunch(plain, tasks));
        if (round % 2 === 1) withJournal.push(await measuredLaunch(recorded, tasks));
      }
      await recorded.stop();
      await plain.stop();
      const ratio = (of: (stretch: Stretch) => number): number =>
        median(withJournal.map((stretch, round) => of(stretch) / of(without[round]!)));
      return [
        httpRow(name, `${rounds} pairs of ${tasks} launches, 10 per ACCEPT, 10 frameworks, 200 agents`, {
          launchesPerSecondWith: median(withJournal.map(({ perSecond }) => perSecond)),
          launchesPerSecondWithout: median(without.map(({ perSecond }) => perSecond)),
          masterCpuMicrosPerLaunchWith: median(withJournal.map(({ masterCpuMicros }) => masterCpuMicros)),
          masterCpuMicrosPerLaunchWithout: median(without.map(({ masterCpuMicros }) => masterCpuMicros)),
          medianCpuRatio: ratio(({ masterCpuMicros }) => masterCpuMicros),
        }),
      ];
    }),
  );
}
