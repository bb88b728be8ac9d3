import type { AgentId, FrameworkId, OfferId, TaskId } from './ids.ts';

/**
 * Ids in texts for people. Inside, an id is a number, which nobody outside knows: a text names it by a mark, `#A7`, and the edge puts the id's
 * text in its place (`withIdTexts`).
 */
export const mention = {
  agent: (id: AgentId): string => `#A${id}`,
  framework: (id: FrameworkId): string => `#F${id}`,
  task: (id: TaskId): string => `#T${id}`,
  offer: (id: OfferId): string => `#O${id}`,
} as const;

/** Texts of ids, as the edge knows them. */
export interface MentionTexts {
  agent(id: AgentId): string;
  framework(id: FrameworkId): string;
  task(id: TaskId): string;
}

const MENTION = /#([AFTO])(-?\d{1,16})\b/g;

/** The text with each id as the outside knows it; an offer is `O` and its number, as at the end of its id. */
export function withIdTexts(text: string, texts: MentionTexts): string {
  if (!text.includes('#')) return text;
  return text.replaceAll(MENTION, (whole, kind: string, digits: string) => {
    const id = Number(digits);
    switch (kind) {
      case 'A':
        return texts.agent(id as AgentId);
      case 'F':
        return texts.framework(id as FrameworkId);
      case 'T':
        return texts.task(id as TaskId);
      case 'O':
        return `O${digits}`;
      default:
        return whole;
    }
  });
}
