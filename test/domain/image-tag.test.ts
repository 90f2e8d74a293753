/** Tags: which registry is asked about which, what of its answer is believed, and how seldom it is asked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  dueTags,
  isByTag,
  isLink,
  knownTag,
  parseTagged,
  registryImage,
  tagKey,
  type KnownTag,
} from '../../domain/image-tag.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

describe('an image', () => {
  const build = { context: '.' } as never;
  const cases: [string, Partial<Parameters<typeof isByTag>[0]>, boolean][] = [
    ['given by a tag is followed', { image: 'nginx:1.27' }, true],
    ['given without one is that of "latest"', { image: 'ghcr.io/immich/server' }, true],
    ['given by a digest is not', { image: `nginx@${digest('a')}` }, false],
    ['given by both is not', { image: `nginx:1.27@${digest('a')}` }, false],
    ['given by its id is not', { image: digest('a') }, false],
    ['of this machine is not', { image: 'localhost/own:1' }, false],
    ['that is built is not', { image: 'own:1', build }, false],
    ['that is never pulled is not', { pullPolicy: 'never' }, false],
    ['that is built each time is not', { pullPolicy: 'build' }, false],
    ['that is pulled each time is', { pullPolicy: 'always' }, true],
    ['whose name only holds a word of this machine is', { image: 'ghcr.io/localhost/own:1' }, true],
  ];
  for (const [title, more, expected] of cases)
    test(title, () => {
      assert.equal(isByTag({ image: 'nginx', pullPolicy: 'missing', ...more }), expected);
    });

  const asked: [string, string, string[], string | undefined][] = [
    ['as Docker names it', 'nginx:1.27', [`nginx@${digest('a')}`], 'nginx:1.27'],
    [
      'as Podman names it',
      'nginx:1.27',
      [`docker.io/library/nginx@${digest('a')}`],
      'docker.io/library/nginx:1.27',
    ],
    ['with a port', '127.0.0.1:5000/web', [`127.0.0.1:5000/web@${digest('a')}`], '127.0.0.1:5000/web:latest'],
    [
      'that lost its name to a newer one',
      'ghcr.io/shop/web',
      [`localhost/baton-kept/shop/web@${digest('a')}`],
      'ghcr.io/shop/web:latest',
    ],
    ['that may have been built here', 'own:1', [`localhost/baton-kept/shop/web@${digest('a')}`], undefined],
    ['that was built here', 'own:1', [], undefined],
    ['that Podman built here', 'own:1', [`localhost/own@${digest('a')}`], undefined],
    ['that came under another name', 'own:1', [`docker.io/library/nginx@${digest('a')}`], undefined],
    [
      'that lost its name, and had a tag',
      'ghcr.io/shop/web:2',
      [`localhost/baton-kept/shop/web@${digest('a')}`],
      'ghcr.io/shop/web:2',
    ],
    [
      'whose registry is not named first',
      'shop/ghcr.io/web',
      [`localhost/baton-kept/shop/web@${digest('a')}`],
      undefined,
    ],
    ['that Baton does not keep', 'ghcr.io/shop/web', [`localhost/own@${digest('a')}`], undefined],
    ['that is kept without a digest', 'ghcr.io/shop/web', ['localhost/baton-kept/shop/web'], undefined],
    ['whose digest is none', 'nginx', ['nginx@sha256:abc'], undefined],
    ['whose digest begins as none', 'nginx', [`nginx@--x=${digest('a')}`], undefined],
    ['that begins as an option', '-x/nginx', [`-x/nginx@${digest('a')}`], undefined],
    ['whose name is an option', 'x/--nginx', [`-x/--nginx@${digest('a')}`], undefined],
  ];
  for (const [title, reference, repoDigests, expected] of asked)
    test(`${title} is asked for as ${expected ?? 'nothing'}`, () => {
      assert.equal(registryImage(reference, repoDigests)?.reference, expected);
    });

  test('of several digests is any of them', () => {
    const found = registryImage('nginx', [
      `nginx@${digest('a')}`,
      `other@${digest('c')}`,
      `nginx@${digest('b')}`,
    ]);
    assert.deepEqual(found?.digests, [digest('a'), digest('b')]);
  });

  test('that lost its name is known by what is kept of it', () => {
    const found = registryImage('ghcr.io/shop/web', [
      `localhost/own@${digest('b')}`,
      `localhost/baton-kept/shop/web@${digest('a')}`,
    ]);
    assert.deepEqual(found, { reference: 'ghcr.io/shop/web:latest', digests: [digest('a')] });
  });

  test('for another platform is asked for by itself', () => {
    assert.equal(tagKey({ image: 'nginx' }), 'nginx');
    assert.notEqual(tagKey({ image: 'nginx' }), tagKey({ image: 'nginx', platform: 'linux/arm64' }));
  });
});

describe('the answer of a registry', () => {
  const answer = (more: object): string => JSON.stringify({ Digest: digest('a'), ...more });
  const label = (key: string): string => `org.opencontainers.image.${key}`;
  const cases: [string, string, ReturnType<typeof parseTagged>][] = [
    ['names a digest', answer({}), { digest: digest('a') }],
    ['without one is none', JSON.stringify({ Name: 'nginx' }), undefined],
    ['with a broken one is none', JSON.stringify({ Digest: 'sha256:abc' }), undefined],
    [
      'says when it was made',
      answer({ Created: '2026-11-26T03:00:00.5Z' }),
      { digest: digest('a'), createdAt: now + 500 },
    ],
    ['may say so badly', answer({ Created: 'yesterday', Labels: null }), { digest: digest('a') }],
    ['may say so as a number', answer({ Created: 5 }), { digest: digest('a') }],
    ['may hold a list for a digest', answer({ Digest: [digest('a')] }), undefined],
    [
      'may name the documentation alone',
      answer({ Labels: { [label('source')]: ['https://a'], [label('documentation')]: 'https://c' } }),
      { digest: digest('a'), changelog: 'https://c' },
    ],
    [
      'says where its changes are told, the nearest first',
      answer({ Labels: { [label('url')]: 'https://b', [label('source')]: 'https://a' } }),
      { digest: digest('a'), changelog: 'https://a' },
    ],
    [
      'may say something that is no address',
      answer({ Labels: { [label('source')]: 'javascript:alert(1)', [label('url')]: 'https://b' } }),
      { digest: digest('a'), changelog: 'https://b' },
    ],
  ];
  for (const [title, json, expected] of cases)
    test(title, () => {
      assert.deepEqual(parseTagged(json), expected);
    });

  test('is an address of one line, and nothing that a page would take for more', () => {
    for (const text of [
      'https://a b',
      'https://a\n',
      'https://"',
      'https://<b>',
      `https://${'a'.repeat(400)}`,
      'ftp://a',
      'javascript:alert(1)//https://a',
    ])
      assert.equal(isLink(text), false, text);
    for (const text of ['https://a', 'http://a.example/b?c=d#e']) assert.equal(isLink(text), true, text);
  });
});

describe('a tag', () => {
  const known = (agoMs: number, why?: string): KnownTag => ({
    askedAt: now - agoMs,
    current: [],
    ...(why === undefined ? {} : { why }),
  });

  test('is asked for when it was never asked for, then by age, a few at once', () => {
    const tags = { old: known(9 * hourMs), older: known(20 * hourMs), fresh: known(5 * hourMs) };
    assert.deepEqual(dueTags(['fresh', 'old', 'new', 'older'], tags, now), ['new', 'older', 'old']);
    assert.deepEqual(dueTags(['fresh'], tags, now), []);
    assert.equal(dueTags(['a', 'b', 'c', 'd', 'e'], {}, now).length, 3);
  });

  test('that could not be asked for is tried again within the hour, not at every look', () => {
    assert.deepEqual(dueTags(['silent'], { silent: known(0.9 * hourMs, 'refused') }, now), []);
    assert.deepEqual(dueTags(['silent'], { silent: known(hourMs, 'refused') }, now), ['silent']);
  });

  test('is never asked for more often than a registry allows, whatever the number of looks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (count) => {
        const tags = Array.from({ length: count }, (_, index) => `t${index}`);
        const seen: Record<string, KnownTag> = {};
        let asked = 0;
        for (let look = 0; look < 12; look += 1)
          for (const tag of dueTags(tags, seen, now + look * 300_000)) {
            asked += 1;
            seen[tag] = knownTag(seen[tag], { digest: digest('a') }, now + look * 300_000);
          }
        assert.ok(asked <= Math.min(count, 36), String(asked));
      }),
    );
  });

  test('keeps since when it names an image, and forgets it with the next one', () => {
    const first = knownTag(undefined, { digest: digest('a') }, now);
    const same = knownTag({ ...first, current: ['id'] }, { digest: digest('a') }, now + hourMs);
    assert.deepEqual([same.tagged?.seenAt, same.current], [now, ['id']]);
    const next = knownTag(same, { digest: digest('b') }, now + 2 * hourMs);
    assert.deepEqual([next.tagged?.seenAt, next.current], [now + 2 * hourMs, []]);
  });

  test('that could not be asked for keeps what was known, and answered takes the reason away', () => {
    const first = knownTag(undefined, { digest: digest('a') }, now);
    const silent = knownTag(first, { why: 'refused' }, now + hourMs);
    assert.deepEqual(silent, { ...first, askedAt: now + hourMs, why: 'refused' });
    const again = knownTag(silent, { digest: digest('a') }, now + 2 * hourMs);
    assert.deepEqual([again.why, again.tagged?.seenAt], [undefined, now]);
  });

  test('that was never answered for names nothing, until it is', () => {
    const silent = knownTag(undefined, { why: 'refused' }, now);
    assert.deepEqual(silent, { askedAt: now, current: [], why: 'refused' });
    const first = knownTag(silent, { digest: digest('a') }, now + hourMs);
    assert.deepEqual(first, {
      askedAt: now + hourMs,
      tagged: { digest: digest('a'), seenAt: now + hourMs },
      current: [],
    });
  });

  test('that no registry has any more is forgotten', () => {
    const first = { ...knownTag(undefined, { digest: digest('a') }, now), current: ['id'] };
    assert.deepEqual(knownTag(first, undefined, now + hourMs), { askedAt: now + hourMs, current: [] });
  });
});
