import { startMasterDaemon } from '../../drivers/linux/index.ts';
import { answerQuestions } from './master-answers.ts';
import { masterSetup } from './master-setup.ts';

/** The master of a benchmark as a process of its own: `orrery master`'s flags are its arguments. */

const master = await startMasterDaemon({ ...masterSetup(), compactor: null, decisions: null });
await answerQuestions(master, { switchRecording: null, stop: () => master.close() });
