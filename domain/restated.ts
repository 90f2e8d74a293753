/** What a stack says of how it is looked after, and no container is made from: how its health is asked, what is checked, what its data is. */
import type { ServiceSpec, StackSpec } from './stack.ts';

/** What of a service no container is made from. */
export const lookedAfterBy = [
  'dependsOn',
  'probe',
  'validate',
  'data',
  'restoreTest',
  'changelog',
  'minHealthyTimeMs',
  'healthyDeadlineMs',
] as const satisfies (keyof ServiceSpec)[];

/** Whether it says something else of that than the release that runs; what only stands at another line is the same. */
export const isRestated = (running: StackSpec | undefined, wanted: StackSpec): boolean =>
  running !== undefined && textOf(running) !== textOf(wanted);

const textOf = ({ services, validate, requires, policy }: StackSpec): string =>
  JSON.stringify(
    {
      validate,
      requires,
      policy,
      services: services.map((service) =>
        Object.fromEntries(['name' as const, ...lookedAfterBy].map((key) => [key, service[key]])),
      ),
    },
    (key, value: unknown) => (key === 'at' ? undefined : inOrder(value)),
  );

/** Keys come as they were written. */
const inOrder = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
