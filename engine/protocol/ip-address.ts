/** Whether `text` is an IPv4 address in dotted form, as Mesos takes them for machines (spec 10 §1): four numbers up to 255, no leading zeros. */
export function isIpAddress(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
