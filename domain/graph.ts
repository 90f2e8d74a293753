/** Dependency order. Nodes are names; `needs` maps each to what must come before it. */

export type Graph<Node extends string> = ReadonlyMap<Node, readonly Node[]>;

/** The nodes of one cycle, in order, first repeated last; `undefined` where there is none. */
export const findCycle = <Node extends string>(graph: Graph<Node>): Node[] | undefined => {
  const done = new Set<Node>();
  for (const start of graph.keys()) {
    // Iterative, so that a hostile chain of thousands cannot exhaust the stack.
    const path: Node[] = [];
    const onPath = new Set<Node>();
    const pending: { node: Node; leaving: boolean }[] = [{ node: start, leaving: false }];
    for (let step = pending.pop(); step; step = pending.pop()) {
      if (step.leaving) {
        onPath.delete(step.node);
        path.pop();
        done.add(step.node);
        continue;
      }
      if (onPath.has(step.node)) return [...path.slice(path.indexOf(step.node)), step.node];
      if (done.has(step.node)) continue;
      path.push(step.node);
      onPath.add(step.node);
      pending.push({ node: step.node, leaving: true });
      for (const need of graph.get(step.node) ?? []) pending.push({ node: need, leaving: false });
    }
  }
  return undefined;
};

/**
 * Groups nodes into phases: everything in a phase needs only what stands in earlier ones. This is how a plan is shown;
 * a roll-out does not wait for phases. Needs that are not nodes of the graph are left out.
 * @throws RangeError where there is a cycle; ask {@link findCycle} first.
 */
export const phasesOf = <Node extends string>(graph: Graph<Node>): Node[][] => {
  const phases: Node[][] = [];
  const placed = new Set<Node>();
  const waiting = new Map(
    [...graph].map(([node, needs]) => [node, needs.filter((need) => graph.has(need))] as const),
  );
  while (waiting.size > 0) {
    const ready = [...waiting]
      .filter(([, needs]) => needs.every((need) => placed.has(need)))
      .map(([node]) => node);
    if (ready.length === 0) throw new RangeError('The graph has a cycle.');
    for (const node of ready) {
      placed.add(node);
      waiting.delete(node);
    }
    phases.push(ready);
  }
  return phases;
};

/** Everything that `starts` need, directly or through others, `starts` included. */
export const reachableFrom = <Node extends string>(graph: Graph<Node>, starts: Iterable<Node>): Set<Node> => {
  const reached = new Set<Node>(starts);
  // A Set grows while it is walked, and each new member is visited once.
  for (const node of reached) for (const need of graph.get(node) ?? []) reached.add(need);
  return reached;
};

/** The same arrows, turned round. */
export const reversed = <Node extends string>(graph: Graph<Node>): Graph<Node> => {
  const turned = new Map<Node, Node[]>([...graph.keys()].map((node) => [node, []]));
  for (const [node, needs] of graph) for (const need of needs) turned.get(need)?.push(node);
  return turned;
};
