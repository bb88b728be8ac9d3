import { expect, test } from 'vitest';
import { type AgentId, type FrameworkId, mention, type OfferId, type TaskId, withIdTexts } from './index.ts';

const TEXTS = {
  agent: (id: AgentId) => `m-S${id}`,
  framework: (id: FrameworkId) => `m-000${id}`,
  task: (id: TaskId) => ['', '', 'web #A9'][id]!,
};

test('every id that a text mentions is put in its place as the outside knows it, and nothing else is touched', () => {
  const text = `${mention.task(2 as TaskId)} of ${mention.framework(3 as FrameworkId)} on ${mention.agent(7 as AgentId)} by ${mention.offer(-1 as OfferId)}: #1, #B2, #`;
  expect(withIdTexts(text, TEXTS)).toBe('web #A9 of m-0003 on m-S7 by O-1: #1, #B2, #');
});
