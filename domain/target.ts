/** What a playbook is carried out on, as incidents name places: `/srv`, `shop`, `shop/db`. */
import { stackAt } from './dependency-map.ts';
import { parseServiceName, parseStackName, type ServiceName, type StackName } from './names.ts';

export const targetKinds = ['filesystem', 'stack', 'service'] as const;
export type TargetKind = (typeof targetKinds)[number];

export type Target =
  | { kind: 'filesystem'; path: string }
  | { kind: 'stack'; stack: StackName }
  | { kind: 'service'; stack: StackName; service: ServiceName };

/** How a target of each kind is written, for messages. */
export const targetForms: Record<TargetKind, string> = {
  filesystem: 'an absolute path, such as /srv',
  stack: 'the name of a stack, such as shop',
  service: 'a service of a stack, such as shop/db',
};

/** @returns `undefined` where the text names no target of this kind. */
export const parseTarget = (kind: TargetKind, text: string): Target | undefined => {
  if (kind === 'filesystem') return /^\/[^\0]*$/.test(text) ? { kind, path: text } : undefined;
  const [first = '', second, ...more] = text.split('/');
  const stack = parseStackName(first);
  if (stack === undefined || more.length > 0) return undefined;
  if (kind === 'stack') return second === undefined ? { kind, stack } : undefined;
  const service = parseServiceName(second ?? '');
  return service === undefined ? undefined : { kind, stack, service };
};

/** The target of this kind that a place belongs to: of a service also its stack. @returns it as it is written. */
export const targetAt = (kind: TargetKind, place: string): string | undefined => {
  const text = kind === 'stack' && !place.startsWith('/') ? stackAt(place) : place;
  return parseTarget(kind, text) && text;
};

/** Whether a place is that one, or a service of it where it is a stack. */
export const isAt = (whole: string, place: string): boolean => place === whole || stackAt(place) === whole;

/** Whose lock a change of it takes; `undefined` where it belongs to no stack. */
export const stackOfTarget = (target: Target): StackName | undefined =>
  target.kind === 'filesystem' ? undefined : target.stack;

/** The reverse of {@link parseTarget}. */
export const targetText = (target: Target): string => {
  switch (target.kind) {
    case 'filesystem':
      return target.path;
    case 'stack':
      return target.stack;
    case 'service':
      return `${target.stack}/${target.service}`;
  }
};
