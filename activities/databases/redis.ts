/** Redis and Valkey: an RDB file, as a replica gets it. A server reads one when it starts; it can take none in while it runs. */
import { join } from 'node:path';
import { SnapshotError } from '../ports/snapshots.ts';
import { ask, askOf, cutOff, feed, passwordInto, save, type Inside } from './inside.ts';
import type { DatabaseTool } from './tool.ts';

const prelude = `
tool() { if command -v "valkey-$1" >/dev/null; then echo "valkey-$1"; else echo "redis-$1"; fi; }
${passwordInto('REDISCLI_AUTH', ['REDIS_PASSWORD', 'VALKEY_PASSWORD'])}
# What the server refuses is told on stdout, with exit code 0.
cli() {
  said="$("$(tool cli)" "$@")" || return 1
  case "$said" in
    NOAUTH*|NOPERM*|WRONGPASS*|LOADING*|MISCONF*|ERR*|'(error)'*) echo "$said" >&2; return 1 ;;
  esac
  printf '%s\\n' "$said"
}
setting() {
  pair="$(cli config get "$1")" || return 1
  printf '%s\\n' "$pair" | sed -n 2p
}`;

const file = 'dump.rdb';

/** `redis-check-rdb` counts what it reads. Keys that expire may be gone by the time that they are counted again. */
const countsIn = (said: string): { keys: number; expires: number } => {
  const count = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(said)?.[1] ?? Number.NaN);
  const counts = { keys: count('keys read'), expires: count('expires') };
  if (Number.isNaN(counts.keys) || Number.isNaN(counts.expires))
    throw new SnapshotError('database', 'redis-check-rdb did not say how many keys it read.');
  return counts;
};

/**
 * Where the RDB ends. A server that sends it as it makes it ends it with a mark of 40 bytes, which `redis-cli` can take off a
 * file, but not off what it prints; an append-only file must not have it.
 */
const endIn = (said: string): number => {
  const end = /\[offset (\d+)\] \\o\/ RDB looks OK/.exec(said)?.[1];
  if (end === undefined)
    throw new SnapshotError('database', 'redis-check-rdb did not say where the RDB file ends.');
  return Number(end);
};

const keysNow = async (inside: Inside): Promise<number> => {
  const said = await ask(inside, { what: 'redis-cli', script: 'cli info keyspace' });
  return [...said.matchAll(/keys=(\d+)/g)].reduce((sum, [, keys]) => sum + Number(keys), 0);
};

/** Beside its files first: what would be written over that of an earlier start. */
const place = `
dir="$(setting dir)"
cat > "$dir/.baton-restore"`;

/**
 * A file that begins as an RDB is read as the beginning of an append-only file too, also by versions that keep theirs in a
 * directory: these take over one of the old kind (`aofUpgradePrepare` in Redis' aof.c).
 */
const takeIn = `
dir="$(setting dir)"
append="$(setting appendonly)"
# Until it ends it writes nothing more of its own, which would go over the file.
cli config set save '' >/dev/null
cli config set appendonly no >/dev/null
if [ "$append" = yes ]; then
  name="$(setting appendfilename)"
  directory="$(setting appenddirname)"
  if [ -n "$directory" ]; then rm -rf "$dir/$directory"; fi
else
  name="$(setting dbfilename)"
fi
# The server reads it as the owner of its directory; the tool may be root.
if [ "$(id -u)" = 0 ]; then chown "$(stat -c %u:%g "$dir")" "$dir/.baton-restore"; fi
mv "$dir/.baton-restore" "$dir/$name"`;

export const redis: DatabaseTool = {
  prelude,

  async size(inside) {
    const script = `command -v "$(tool check-rdb)" >/dev/null
test -n "$(setting dir)"
cli info memory | sed -n 's/^used_memory:\\([0-9]*\\).*/\\1/p'`;
    return Number(await ask(inside, { what: 'redis-cli', script }));
  },

  async dump(inside, directory) {
    const script = '"$(tool cli)" --rdb -';
    const part = await save(inside, { what: 'redis-cli --rdb', script }, directory, { file, of: 'all keys' });
    const check = { what: 'redis-check-rdb', script: '"$(tool check-rdb)" /dev/stdin' };
    const said = await askOf(inside, check, join(directory, file));
    const whole = await cutOff(directory, part, endIn(said));
    return { parts: [whole], server: '', contents: JSON.stringify(countsIn(said)) };
  },

  async isReady(inside) {
    return (await ask(inside, { what: 'redis-cli', script: 'cli ping' })) === 'PONG';
  },

  async restore(inside, { manifest: { parts }, pathOf }, restart) {
    for (const part of parts)
      await feed(inside, { what: 'writing the RDB file', script: place }, pathOf(part));
    await ask(inside, { what: 'handing over the RDB file', script: takeIn });
    await restart();
  },

  async differences(inside, { contents }) {
    const { keys, expires } = JSON.parse(contents) as ReturnType<typeof countsIn>;
    const now = await keysNow(inside);
    return now <= keys && now >= keys - expires
      ? []
      : [`it held ${keys} keys, ${expires} of which expire, and holds ${now}`];
  },
};
