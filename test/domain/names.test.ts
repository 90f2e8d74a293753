/** Names, ids and paths: what is one, and how it is written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigFailure, hostConfig } from '../../domain/host.ts';
import { ecosystemWorkflowId, hostTaskQueue, questionWorkflowId, stackWorkflowId } from '../../domain/ids.ts';
import { asideName, containerLabels, parseAsideName, serviceOf, stackOf } from '../../domain/labels.ts';
import {
  parseOperationId,
  parseReleaseId,
  parseServiceName,
  parseStackName,
  type OperationId,
  type StackName,
} from '../../domain/names.ts';
import { overlaps, reaches } from '../../domain/paths.ts';
import { formatLocation, isError } from '../../domain/problem.ts';
import { searchAttributeName, searchAttributeNames } from '../../domain/search-attributes.ts';
import { parseSnapshotName, snapshotName, type SnapshotPurpose } from '../../domain/snapshot.ts';
import { ownerOf, subjectOf } from '../../domain/subject.ts';

const operation = '0123abcd' as OperationId;
const photos = 'photos' as StackName;

describe('names', () => {
  const long = 'a'.repeat(63);
  const rules = {
    stack: {
      parse: parseStackName,
      good: ['a', '0', 'a-b_c', long],
      bad: ['', 'A', '-a', '_a', 'a.b', 'a b', `${long}a`, 'a\n', ' a'],
    },
    service: {
      parse: parseServiceName,
      good: ['a', 'A', '0', 'a-b_c.D', long],
      bad: ['', '-a', '.a', 'a/b', `${long}a`, 'a\n', ' a'],
    },
    release: {
      parse: parseReleaseId,
      good: ['0123456789ab'],
      bad: ['0123456789a', '0123456789abc', '0123456789AB', '0123456789ag', ' 0123456789ab'],
    },
    operation: {
      parse: parseOperationId,
      good: ['0123abcd'],
      bad: ['0123abc', '0123abcde', '0123ABCD', '0123abcg', ' 0123abcd'],
    },
  };
  for (const [what, { parse, good, bad }] of Object.entries(rules))
    test(`of a ${what}`, () => {
      for (const text of good) assert.equal(parse(text), text);
      for (const text of bad) assert.equal(parse(text), undefined, JSON.stringify(text));
    });
});

describe('a snapshot’s name', () => {
  test('tells what it is of', () => {
    const label = { stack: photos, operation, purpose: 'before' as const, takenAt: '2026-11-23T13:09:29Z' };
    const name = snapshotName(label);
    assert.equal(name, 'photos.before.20261123T130929Z.0123abcd');
    assert.deepEqual(parseSnapshotName(name), { name, ...label });
  });

  test('is read for every purpose', () => {
    for (const purpose of ['before', 'failed', 'undone', 'removed'] satisfies SnapshotPurpose[])
      assert.equal(parseSnapshotName(`photos.${purpose}.20261123T130929Z.0123abcd`)?.purpose, purpose);
  });

  test('is nothing else', () => {
    for (const text of [
      '',
      'photos',
      'photos.later.20261123T130929Z.0123abcd',
      'Photos.before.20261123T130929Z.0123abcd',
      '.photos.before.20261123T130929Z.0123abcd',
      'photos.before.20261123T130929.0123abcd',
      'photos.before.20261123T13092Z.0123abcd',
      'photos.before.20261123T130929Z.0123abc',
      'photos.before.20261123T130929Z.0123abcdx',
      'photos.before.20261123T130929Z.0123abcd.draft',
    ])
      assert.equal(parseSnapshotName(text), undefined, text);
  });
});

describe('labels', () => {
  const labels = containerLabels({
    stack: photos,
    service: 'db' as never,
    release: '0123456789ab' as never,
    operation,
    hash: 'h',
    file: '/srv/photos.yml',
  });

  test('say whose a container is, to Baton and to Compose', () => {
    assert.deepEqual(labels, {
      'dev.baton.stack': 'photos',
      'dev.baton.service': 'db',
      'dev.baton.release': '0123456789ab',
      'dev.baton.operation': '0123abcd',
      'dev.baton.hash': 'h',
      'com.docker.compose.project': 'photos',
      'com.docker.compose.service': 'db',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project.config_files': '/srv/photos.yml',
    });
  });

  test('are read, Baton’s before Compose’s', () => {
    assert.deepEqual([stackOf(labels), serviceOf(labels)], ['photos', 'db']);
    const composed = { 'com.docker.compose.project': 'blog', 'com.docker.compose.service': 'web' };
    assert.deepEqual([stackOf(composed), serviceOf(composed)], ['blog', 'web']);
    assert.equal(stackOf({ ...composed, 'dev.baton.stack': 'photos' }), 'photos');
    assert.deepEqual([stackOf({}), serviceOf({})], [undefined, undefined]);
  });

  test('a name set aside is read back', () => {
    assert.equal(asideName('web-app-1', operation), 'web-app-1.baton-0123abcd');
    assert.deepEqual(parseAsideName('web-app-1.baton-0123abcd'), {
      name: 'web-app-1',
      operation: '0123abcd',
    });
    for (const name of [
      'web-app-1',
      '.baton-0123abcd',
      'a.baton-0123abc',
      'a.baton-0123abcdx',
      'a.baton-0123ABCD',
      'a\nb.baton-0123abcd',
    ])
      assert.equal(parseAsideName(name), undefined, name);
  });
});

test('workflow ids and task queues', () => {
  assert.equal(stackWorkflowId('attic', photos), 'stack/attic/photos');
  assert.equal(ecosystemWorkflowId('attic', 'home'), 'ecosystem/attic/home');
  assert.equal(questionWorkflowId('attic', 'plan', 'n'), 'question/attic/plan/n');
  assert.equal(hostTaskQueue('attic'), 'baton.attic');
});

test('search attributes', () => {
  assert.deepEqual(searchAttributeNames, [
    'BatonStack',
    'BatonHost',
    'BatonKind',
    'BatonOutcome',
    'BatonStep',
    'BatonOperation',
  ]);
  assert.equal(searchAttributeName.stack, 'BatonStack');
});

test('what an activity is told of its operation', () => {
  const startedAt = new Date('2026-01-01T10:20:30.999Z');
  const request = { operation, stack: photos };
  // Names of snapshots hold whole seconds: what is left of one is cut off, not rounded.
  const owner = { ...request, startedAt: '2026-01-01T10:20:30Z' };
  assert.deepEqual(ownerOf({ ...request, host: 'attic' } as typeof request, startedAt), owner);
  assert.deepEqual(ownerOf(request, new Date('2026-01-01T10:20:30Z')), owner);
  const plan = { kind: 'undo', release: 'r' };
  const subject = { ...owner, ...plan };
  assert.deepEqual(subjectOf(request, plan as never, startedAt), subject);
  assert.deepEqual(subjectOf(request, { ...plan, previousRelease: 'p' } as never, startedAt), {
    ...subject,
    previousRelease: 'p',
  });
});

describe('paths', () => {
  test('overlap where one is or holds the other', () => {
    for (const [one, other] of [
      ['/a', '/a'],
      ['/a/b', '/a'],
      ['/a', '/a/b'],
    ] as const)
      assert.equal(overlaps(one, other), true);
    assert.equal(overlaps('/a', '/ab'), false);
    assert.equal(overlaps('/ab', '/a'), false);
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => overlaps(a, b) === overlaps(b, a)));
  });

  test('are reached by mounts, and not by memory', () => {
    assert.equal(reaches({ type: 'bind', source: '/a' }, '/a/b'), true);
    assert.equal(reaches({ type: 'volume', source: '/b' }, '/a'), false);
    assert.equal(reaches({ type: 'tmpfs', source: '/a' }, '/a'), false);
  });
});

test('a place in a file is written as compilers do, and an error is told from a warning', () => {
  assert.equal(formatLocation({ file: 'web.yml', line: 4, column: 7 }), 'web.yml:4:7');
  const problem = { code: '', message: '' };
  assert.equal(isError({ ...problem, severity: 'error' }), true);
  assert.equal(isError({ ...problem, severity: 'warning' }), false);
});

describe('this host', () => {
  const defaults = { hostname: 'Attic', home: '/root' };
  const directories = (environment: Record<string, string>): string[] => {
    const { stateDirectory, cacheDirectory, configDirectory } = hostConfig(environment, defaults);
    return [stateDirectory, cacheDirectory, configDirectory];
  };

  test('has its directories where XDG says', () => {
    assert.deepEqual(directories({}), [
      '/root/.local/state/baton',
      '/root/.cache/baton',
      '/root/.config/baton',
    ]);
    assert.deepEqual(directories({ HOME: '/home/u', XDG_STATE_HOME: 'relative' }), [
      '/home/u/.local/state/baton',
      '/home/u/.cache/baton',
      '/home/u/.config/baton',
    ]);
    assert.deepEqual(directories({ XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c', XDG_CONFIG_HOME: '/o' }), [
      '/s/baton',
      '/c/baton',
      '/o/baton',
    ]);
  });

  test('has its own name in lower case, or the one that is given', () => {
    assert.equal(hostConfig({}, defaults).host, 'attic');
    for (const name of ['a', 'nas.home', 'my_nas', '_x-1', 'a'.repeat(63)])
      assert.equal(hostConfig({ BATON_HOST: name }, defaults).host, name);
  });

  test('refuses a name that cannot be one, and says where it is from', () => {
    for (const name of ['', '-a', 'a-', '.a', 'a.', 'a b', 'a/b', 'a'.repeat(64), 'a\n'])
      assert.throws(
        () => hostConfig({ BATON_HOST: name }, defaults),
        new ConfigFailure(
          `BATON_HOST is ${JSON.stringify(name)}; a host is named with letters, digits, dots and dashes, 63 at most.`,
        ),
      );
    assert.throws(() => hostConfig({}, { hostname: 'a b', home: '/' }), {
      name: 'ConfigFailure',
      message:
        'The name of this machine is "a b"; a host is named with letters, digits, dots and dashes, 63 at most. Nothing was changed.',
    });
  });
});
