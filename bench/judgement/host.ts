/** The host of a simulated year: what goes wrong where, how often, and how well which playbook helps there. */
import { stackAt } from '../../domain/dependency-map.ts';
import type { Graph } from '../../domain/graph.ts';
import { withEveryPlace } from '../../domain/proposal.ts';
import { randomFrom, type Random } from './random.ts';
import { troubles, type Remedy, type Trouble } from './troubles.ts';

const stackNames = ['photos', 'files', 'media', 'news', 'home', 'mail', 'wiki', 'code'];
/** In each stack these need the one before. */
const serviceNames = ['db', 'app', 'web'];
const filesystems = ['/', '/srv', '/var', '/backup'];

const services = serviceNames.flatMap((service) => stackNames.map((stack) => `${stack}/${service}`));
const placesOf = { filesystem: filesystems, stack: stackNames, service: services };

export const needs: Graph<string> = withEveryPlace(
  new Map<string, string[]>([
    ...services.map((place): [string, string[]] => {
      const before = serviceNames[serviceNames.indexOf(place.split('/')[1] ?? '') - 1];
      return [place, before === undefined ? [] : [`${stackAt(place)}/${before}`]];
    }),
    ...stackNames.map((stack): [string, string[]] => [
      stack,
      services.filter((place) => stackAt(place) === stack),
    ]),
    ...filesystems.map((place): [string, string[]] => [place, []]),
  ]),
);

/** One trouble at one place. @property random its own, so that what is decided elsewhere changes nothing here. */
export type Matter = {
  trouble: Trouble;
  place: string;
  everyDays: number;
  random: Random;
  /** True chance of each playbook in a month of the year, 1 to 12. */
  chanceOf: (playbook: string, month: number) => number;
};

const matterSeeds = 7_919;

export const drawHost = (seed: number): Matter[] =>
  troubles
    .flatMap((trouble) =>
      placesOf[trouble.kind].slice(0, trouble.places).map((place) => ({ trouble, place })),
    )
    .map(({ trouble, place }, index) => {
      const random = randomFrom((seed + index * matterSeeds) >>> 0);
      const everyDays = random.scale(...trouble.everyDays);
      const chances = new Map(trouble.remedies.map((one) => [one.playbook, drawChance(one, random)]));
      return {
        trouble,
        place,
        everyDays,
        random,
        chanceOf: (name, month) => chances.get(name)?.(month) ?? 0,
      };
    });

const drawChance = (
  { chance, spread = 0, odd, turns }: Remedy,
  random: Random,
): ((month: number) => number) => {
  const [off, isOdd] = [spread * random.normal(), random.chance(odd?.share ?? 0)];
  return (month) => {
    const usual = turns && month >= turns.month ? turns.chance : chance;
    return shifted(isOdd && odd ? odd.chance : usual, off);
  };
};

/** By so much of the logarithm of the odds. */
const shifted = (chance: number, by: number): number => 1 / (1 + ((1 - chance) / chance) * Math.exp(-by));
