import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findCycle, phasesOf, reachableFrom, reversed } from '../../domain/graph.ts';

/** A graph without cycles: each node needs only nodes before it. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 12 })
  .map(
    (needs) =>
      new Map(
        needs.map((list, node) => [
          `n${node}`,
          node === 0 ? [] : [...new Set(list.map((n) => `n${n % node}`))],
        ]),
      ),
  );

describe('dependency graphs', () => {
  test('phases hold every node once, each after all that it needs', () => {
    fc.assert(
      fc.property(acyclic, (graph) => {
        const phases = phasesOf(graph);
        assert.deepEqual(phases.flat().sort(), [...graph.keys()].sort());
        const phaseOf = new Map(
          phases.flatMap((nodes, phase) => nodes.map((node) => [node, phase] as const)),
        );
        for (const [node, needs] of graph)
          for (const need of needs) assert.ok((phaseOf.get(need) ?? 0) < (phaseOf.get(node) ?? 0));
      }),
    );
  });

  test('no cycle is found where there is none', () => {
    fc.assert(fc.property(acyclic, (graph) => findCycle(graph) === undefined));
  });

  test('a cycle is found wherever an arrow is added that closes one', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), (graph, pick) => {
        const nodes = [...graph.keys()];
        const from = nodes[pick % nodes.length] ?? 'n0';
        const target = [...reachableFrom(graph, [from])].at(-1) ?? from;
        const closed = new Map([...graph, [target, [...(graph.get(target) ?? []), from]]]);
        const cycle = findCycle(closed);
        assert.ok(cycle);
        assert.equal(cycle[0], cycle.at(-1));
        for (let at = 0; at + 1 < cycle.length; at += 1)
          assert.ok(closed.get(cycle[at] ?? '')?.includes(cycle[at + 1] ?? ''), cycle.join(' → '));
      }),
    );
  });

  test('a chain of 100,000 nodes neither overflows nor takes long', () => {
    const chain = new Map(Array.from({ length: 100_000 }, (_, n) => [`n${n}`, n === 0 ? [] : [`n${n - 1}`]]));
    assert.equal(findCycle(chain), undefined);
    assert.equal(reachableFrom(chain, ['n99999']).size, 100_000);
  });

  test('what is needed and is no node is in nobody’s way', () => {
    const graph = new Map([['a', ['elsewhere']]]);
    assert.equal(findCycle(graph), undefined);
    assert.deepEqual(phasesOf(graph), [['a']]);
    assert.deepEqual([...reversed(graph)], [['a', []]]);
    assert.deepEqual([...reachableFrom(graph, ['a'])], ['a', 'elsewhere']);
  });

  test('what two need is no circle, in whatever order it is listed', () => {
    const diamond = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ]);
    assert.equal(findCycle(diamond), undefined);
    assert.deepEqual(phasesOf(diamond), [['d'], ['b', 'c'], ['a']]);
  });

  test('a circle has no phases, and is named in order', () => {
    const circle = new Map([
      ['start', ['a']],
      ['a', ['b']],
      ['b', ['c', 'start2']],
      ['c', ['a']],
      ['start2', []],
    ]);
    assert.deepEqual(findCycle(circle), ['a', 'b', 'c', 'a']);
    assert.throws(() => phasesOf(circle), new RangeError('The graph has a cycle.'));
  });

  test('turned round twice, a graph is what it was', () => {
    fc.assert(
      fc.property(acyclic, (graph) => {
        const sorted = (one: ReadonlyMap<string, readonly string[]>) =>
          [...one].map(([node, needs]) => [node, [...needs].sort()]).sort();
        assert.deepEqual(sorted(reversed(reversed(graph))), sorted(graph));
      }),
    );
  });
});
