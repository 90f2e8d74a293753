/** The containers of a stack, or of one of its services, without those that an operation has set aside. */
import { parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { StackName } from '../domain/names.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';

export const containersOf = async (
  { engine }: Ports,
  stack: StackName,
  only: string | undefined,
): Promise<ContainerState[]> =>
  (await engine.listContainers()).filter(
    ({ labels, name }) =>
      stackOf(labels) === stack &&
      (only === undefined || serviceOf(labels) === only) &&
      !parseAsideName(name),
  );
