/** Two lines for the test of the mutation tester. Its test says nothing of equals, so that one mutant lives. */
export function older(a: number, b: number): boolean {
  return a < b;
}
