/** The dependencies of a host as a tree in the terminal, and for Graphviz. */
import type { DependencyMap, Edge } from './dependency-map.ts';

/** What nobody needs stands at the left, what it needs below it; what was drawn above is not drawn again. */
export const dependencyTree = (map: DependencyMap): string[] => {
  const below = Map.groupBy(
    map.edges.filter(({ why }) => why !== 'part of'),
    ({ from }) => from,
  );
  const needed = new Set(map.edges.flatMap(({ to, why }) => (why === 'part of' ? [] : [to])));
  const roots = map.places.filter((place) => !needed.has(place));
  const drawn = new Set<string>();
  // In a circle everybody is needed: whoever comes first stands at the left.
  return [...roots, ...map.places].flatMap((place) =>
    drawn.has(place) ? [] : [place, ...branches(place, below, drawn, '')],
  );
};

const branches = (
  place: string,
  below: ReadonlyMap<string, Edge[]>,
  drawn: Set<string>,
  indent: string,
): string[] => {
  drawn.add(place);
  const edges = below.get(place) ?? [];
  return edges.flatMap(({ to, why }, index) => {
    const isLast = index === edges.length - 1;
    const again = drawn.has(to);
    const line = `${indent}${isLast ? '└─' : '├─'} ${to}  ${why}${again && below.has(to) ? ' (see above)' : ''}`;
    return [line, ...(again ? [] : branches(to, below, drawn, `${indent}${isLast ? '   ' : '│  '}`))];
  });
};

/** The tree, then who can reach whom, then what Traefik sends where. */
export const dependencyText = (map: DependencyMap): string[] => [
  ...dependencyTree(map),
  ...map.networks.map(({ network, places }) => `network ${network}: ${places.join(', ')}`),
  ...map.routes.map(({ place, rule }) => `route ${rule} → ${place}`),
];

/** In the language of Graphviz: an arrow points to what is needed. */
export const dependencyDot = ({ places, edges, networks, routes }: DependencyMap): string[] => [
  'digraph baton {',
  '  rankdir=LR;',
  ...places.map((place) => `  ${quoted(place)};`),
  ...edges.map(({ from, to, why }) => `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(why)}];`),
  ...networks.flatMap(({ network, places: members }) =>
    members.map((place) => `  ${quoted(`network ${network}`)} -> ${quoted(place)} [dir=none, style=dotted];`),
  ),
  ...routes.map(({ place, rule }) => `  ${quoted(rule)} -> ${quoted(place)} [style=dashed];`),
  '}',
];

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, (one) => `\\${one}`)}"`;
