/** `ContainerID` (spec 06 §A): a container, or one nested in `parent`. */
export interface ContainerId {
  readonly value: string;
  readonly parent: ContainerId | null;
}
