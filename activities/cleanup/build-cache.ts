/** What builds have left and none has used for long. */
import { countText } from '../../domain/count-text.ts';
import { formatBytes, formatAge } from '../../domain/size.ts';
import { nothing, type Part } from './part.ts';

export const buildCachePart: Part = {
  async plan(ports, { cleanup: { buildCache: rule } }, _wish, usage) {
    if (!rule) return nothing('baton.yml says to leave it (build_cache: false)');
    const { buildCache } = await usage();
    if (!buildCache) return nothing(`${ports.engine.kind} keeps nothing of builds but images`);
    const old = buildCache.filter(
      ({ inUse, usedAt }) => !inUse && Date.now() >= Date.parse(usedAt) + rule.olderThanMs,
    );
    const kept = buildCache.length - old.length;
    return {
      remove:
        old.length === 0
          ? []
          : [
              {
                id: 'build-cache',
                title: `${countText(old.length, 'piece')} of the build cache`,
                place: ports.engineInfo.rootDirectory,
                bytes: old.reduce((sum, { bytes }) => sum + bytes, 0),
                rule: `not used for ${formatAge(rule.olderThanMs)}`,
              },
            ],
      kept: kept === 0 ? [] : [{ title: `${kept} pieces`, reasons: ['in use, or used not long ago'] }],
      notes: [],
    };
  },

  async remove(ports, _item, { settings: { cleanup } }) {
    if (!cleanup.buildCache) return { did: 'kept', reasons: ['baton.yml says otherwise by now'] };
    const claimed = await ports.engine.pruneBuildCache(cleanup.buildCache);
    return { did: 'removed', notes: [`${ports.engine.kind} says that it was ${formatBytes(claimed)}`] };
  },
};
