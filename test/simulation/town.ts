/** A stack drawn from a seed: which services, what they need, which data they have, and what is done to it while what goes wrong. */
import { join } from 'node:path';
import { random } from '../random.ts';

/** Directories that services share. */
export const dataNames = ['one', 'two'] as const;

export type Service = {
  name: string;
  needs: { name: string; condition: 'service_healthy' | 'service_started' }[];
  /** Directories that it writes to, by name. */
  data: string[];
  readyMs: number;
  /** Whether the second release is another one. */
  changes: boolean;
  port: boolean;
};

export type What =
  'first deploy' | 'deploy' | 'failing deploy' | 'undo' | 'undo with data' | 'remove' | 'remove with data';

/** What can go wrong at an effect. `dies`: the worker, before or after it. `always`: from then on, until it is mended. */
const faultKinds = [
  'fails before',
  'fails after',
  'twice',
  'slow',
  'dies before',
  'dies after',
  'cancel',
  'always',
] as const;
/** At the n-th effect, or at each of that name. */
export type SimulatedFault = { kind: (typeof faultKinds)[number]; at: number | string };

export type Town = {
  services: Service[];
  /** The one that breaks in a failing deploy. */
  breaks: string;
  file: boolean;
  what: What;
  faults: SimulatedFault[];
};

/** Drawn twice as often: the deploys are where most can go wrong. */
const kinds: What[] = [
  'first deploy',
  'deploy',
  'deploy',
  'failing deploy',
  'failing deploy',
  'undo',
  'undo with data',
  'remove',
  'remove with data',
];

export const drawTown = (seed: number): Town => {
  const next = random(seed);
  const upTo = (most: number): number => Math.floor(next() * (most + 1));
  const chance = (of: number): boolean => next() < of;
  const pick = <T>(list: readonly T[]): T => {
    const item = list[upTo(list.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  const count = 2 + upTo(4);
  const services = Array.from({ length: count }, (_, index): Service => {
    const earlier = Array.from({ length: index }, (_one, n) => `s${n}`);
    return {
      name: `s${index}`,
      needs: earlier
        .filter(() => chance(0.4))
        .map((name) => ({ name, condition: chance(0.7) ? 'service_healthy' : 'service_started' })),
      data: dataNames.filter(() => chance(0.4)),
      readyMs: upTo(120),
      changes: chance(0.7),
      port: chance(0.3),
    };
  });
  const [first] = services;
  // Something must change, or nothing happens.
  if (first && services.every(({ changes }) => !changes)) first.changes = true;
  return {
    services,
    breaks: pick(services.filter(({ changes }) => changes)).name,
    file: chance(0.5),
    what: pick(kinds),
    faults: Array.from({ length: upTo(3) }, () => ({ kind: pick(faultKinds), at: 1 + upTo(30) })),
  };
};

/** What the stack's file says of one release. */
export const townFile = (
  { services, breaks, file }: Town,
  place: { stack: string; image: string; directory: string; firstPort: number },
  release: { version: 1 | 2; broken: boolean },
): string => {
  const blocks = services.map(({ name, needs, data, readyMs, changes, port }, index) => {
    const version = changes ? release.version : 1;
    const command =
      release.broken && name === breaks ? `break, "${version}"` : `serve, "${version}", "${readyMs}"`;
    const mounts = data.map((one) => `"${join(place.directory, one)}:/${one}"`);
    return `  ${name}:
    image: ${place.image}
    command: [${command}]
    volumes: [${mounts.join(', ')}]
    ports: [${port ? `"127.0.0.1:${place.firstPort + index}:80"` : ''}]
    depends_on: {${needs.map((need) => `${need.name}: {condition: ${need.condition}}`).join(', ')}}
    x-baton: {probe: {exec: [ready]}}
`;
  });
  const files = file
    ? `\n  files: [{path: "${join(place.directory, 'route')}", content: "release ${release.version}\\n"}]`
    : '';
  return `name: ${place.stack}
services:
${blocks.join('')}x-baton:
  min_healthy_time: 20ms
  healthy_deadline: 3s
  progress_deadline: 20s${files}
`;
};
