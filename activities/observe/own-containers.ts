/** The containers of recorded stacks, each with its place. What an operation has set aside is none of them. */
import { placeOf } from '../../domain/dependency-map.ts';
import { parseAsideName, serviceOf, stackOf } from '../../domain/labels.ts';
import type { ContainerState } from '../ports/engine.ts';
import type { Scene } from './source.ts';

export type OwnContainer = { container: ContainerState; place: string };

export const ownContainers = async ({
  recorded,
  containers,
}: Pick<Scene, 'recorded' | 'containers'>): Promise<OwnContainer[]> => {
  const known = new Set<string>((await recorded()).map(({ stack }) => stack));
  return (await containers()).flatMap((container): OwnContainer[] => {
    const [stack, service] = [stackOf(container.labels), serviceOf(container.labels)];
    const counts = stack !== undefined && known.has(stack) && !parseAsideName(container.name);
    return counts && service !== undefined ? [{ container, place: placeOf(stack, service) }] : [];
  });
};
