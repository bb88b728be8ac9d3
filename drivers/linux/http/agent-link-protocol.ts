/** Where an agent asks its master for a link, and the protocol that it asks for (drivers/linux/http/README.md). */
export const AGENT_LINK_PATH = '/api/v1/agent-link';
export const AGENT_LINK_PROTOCOL = 'orrery-agent-link/1';
