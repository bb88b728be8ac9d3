/** The journal cannot be read; the message names the file, the byte, and what is wrong. */
export class JournalError extends Error {}

/** The journal was read, but this program decides otherwise than the one that recorded it. */
export class JournalDivergence extends JournalError {}
