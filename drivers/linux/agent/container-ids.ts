import { createHash } from 'node:crypto';
import type { ContainerHandle } from '../../../engine/agent/index.ts';

/**
 * A container's id as others see it: a name-based UUID of the agent's id and the container's handle. Neither is ever used again, and so is
 * it; an agent that starts on an old disk knows the ids of its containers without having written them down.
 */
export function containerText(agentText: string, container: ContainerHandle): string {
  const digest = createHash('sha256').update(`${agentText} ${container}`).digest();
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
