/** Files that are no Compose files but look like something people have: a message that names the format and what to do. */
import type { Problem } from '../domain/problem.ts';
import { get, type MapNode, type Node } from './tree.ts';

/** @returns what the file is instead, or `undefined` for what should be read as a Compose file. */
export const recogniseOther = (root: Node): Problem | undefined => {
  const error = (code: string, message: string, next: string): Problem => ({
    severity: 'error',
    code,
    message,
    at: root.at,
    next,
  });
  if (root.kind !== 'map')
    return error(
      'not-compose',
      'This is not a Compose file: it holds no mapping.',
      'Start it with "services:".',
    );
  const { has, isMapping, isList } = inspect(root);
  if (has('stack') && isPhased(get(root, 'stack')))
    return error(
      'ecosystem',
      'This is an ecosystem: a list of stacks in phases.',
      `baton deploy ${root.at.file}`,
    );
  if (isList('services') || (has('stack') && !isMapping('services')))
    return error(
      'handbook-stack',
      "This is a stack in the homelab handbook's own format (services as a list, each with a pattern), which names no containers that could be run.",
      'Write it as a Compose file; stacks/immich.yml shows one with the same services.',
    );
  if (has('pattern'))
    return error(
      'handbook-pattern',
      'This is a deployment pattern of the homelab handbook: a template for one service, not a stack.',
      'Start from a stack of the same kind in stacks/.',
    );
  if (has('apiVersion') && has('kind'))
    return error(
      'kubernetes',
      'This is a Kubernetes manifest.',
      'Write it as a Compose file; docs/stacks.md shows how.',
    );
  if (!has('services') && !has('include'))
    return error(
      'not-compose',
      'This is not a Compose file: it has neither "services" nor "include".',
      'docs/stacks.md says what a stack looks like.',
    );
  return undefined;
};

const inspect = (root: MapNode) => ({
  has: (key: string): boolean => get(root, key) !== undefined,
  isMapping: (key: string): boolean => get(root, key)?.kind === 'map',
  isList: (key: string): boolean => get(root, key)?.kind === 'list',
});

/** `stack: {name, phase: [- stack: file]}`. */
export const isPhased = (node: Node | undefined): boolean =>
  node?.kind === 'map' &&
  node.entries.some(
    ({ value }) =>
      value.kind === 'list' &&
      value.items.some((item) => item.kind === 'map' && get(item, 'stack') !== undefined),
  );

/** Podman's unit files are read by systemd, not by Baton. */
export const isQuadlet = (file: string): boolean => /\.(?:container|pod|kube|network|volume)$/.test(file);
