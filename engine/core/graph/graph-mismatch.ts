/** The bytes are no graph, or one of other classes and fields than there are here. */
export class GraphMismatch extends Error {
  override readonly name: string = 'GraphMismatch';
}
