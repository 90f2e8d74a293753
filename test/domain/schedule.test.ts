/** What makes the schedules that stand match those that are wanted. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import {
  changesSomething,
  defaultCatchUpMs,
  deployTask,
  scheduleChanges,
  scheduleFault,
  taskText,
  timingText,
  type Origin,
  type Schedule,
  type Standing,
  type Task,
} from '../../domain/schedule.ts';
import type { StackName } from '../../domain/names.ts';

const schedule = (name: string, cron = '30 2 * * *', task: Task = { do: 'prune' }): Schedule => ({
  name,
  cron,
  timeZone: 'Europe/Berlin',
  jitterMs: 0,
  catchUpMs: 600_000,
  task,
});
const standing = (one: Schedule, origin: Origin = 'baton.yml'): Standing => ({
  schedule: one,
  origin,
  paused: false,
});
const changes = (wanted: Schedule[], there: Standing[]): string[] =>
  scheduleChanges(wanted, there, isDeepStrictEqual).map(
    ({ change, schedule: { name } }) => `${change} ${name}`,
  );

describe('schedules', () => {
  test('are added, updated and removed by name', () => {
    assert.deepEqual(
      changes(
        [schedule('new'), schedule('same'), schedule('moved', '0 3 * * *')],
        [standing(schedule('same')), standing(schedule('moved')), standing(schedule('old'))],
      ),
      ['add new', 'update moved', 'remove old'],
    );
  });

  test('that somebody added by hand stay, unless the file names them', () => {
    const byHand = standing(schedule('mine'), 'baton schedule');
    assert.deepEqual(changes([], [byHand]), []);
    assert.deepEqual(changes([schedule('mine')], [byHand]), ['update mine']);
  });

  test('need no change once the changes are made', () => {
    const some = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        cron: fc.constantFrom('0 1 * * *', '0 2 * * *'),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(some, some, (wanted, there) => {
        const want = wanted.map(({ name, cron }) => schedule(name, cron));
        const stand = there.map(({ name, cron }) => standing(schedule(name, cron)));
        const made = new Map(stand.map((one) => [one.schedule.name, one]));
        for (const { change, schedule: one } of scheduleChanges(want, stand, isDeepStrictEqual))
          if (change === 'remove') made.delete(one.name);
          else made.set(one.name, standing(one));
        assert.deepEqual(changes(want, [...made.values()]), []);
        assert.equal(made.size, want.length);
      }),
    );
  });

  test('with both days are refused: Temporal means "and", cron means "or"', () => {
    assert.match(scheduleFault('0 3 1 * 1') ?? '', /day of the month and a day of the week/);
    for (const fine of ['0 3 1 * *', '0 3 * * 1-5', '*/5 * * * *'])
      assert.equal(scheduleFault(fine), undefined, fine);
  });

  test('say when they begin, and what', () => {
    assert.equal(
      timingText({ ...schedule('x'), jitterMs: 600_000 }),
      '30 2 * * * Europe/Berlin, up to 10m later',
    );
    const web = 'web' as StackName;
    const command = { args: ['pg_dump', '-f', 'a b'], shell: false } as never;
    const guarded = { title: 'dump', data: ['/srv/db'], checks: [] } as never as object;
    const tasks: [Task, string, boolean][] = [
      [{ do: 'deploy', source: { file: '/srv/web.yml' } } as never, 'deploy /srv/web.yml', true],
      [{ do: 'guard', question: guarded } as never, 'snapshot /srv/db', true],
      [{ do: 'guard', question: { ...guarded, data: ['/a', '/b'] } } as never, 'snapshot /a, /b', true],
      [
        { do: 'guard', question: { ...guarded, data: [], stack: web } } as never,
        'snapshot the data of web',
        true,
      ],
      [{ do: 'guard', question: { ...guarded, command } } as never, "guard dump: pg_dump -f 'a b'", true],
      [{ do: 'prune' }, 'prune snapshots', true],
      [{ do: 'prune', stack: web }, 'prune snapshots of web', true],
      [{ do: 'verify' }, 'verify snapshots', false],
      [{ do: 'verify', stack: web }, 'verify snapshots of web', false],
      [{ do: 'cleanup' }, 'clean up', true],
      [{ do: 'cleanup', only: ['temp', 'images'], until: 80 }, 'clean up temp images until 80%', true],
      [{ do: 'restore-test' }, 'test the restore of all data sets', false],
      [{ do: 'restore-test', sets: ['a', 'b'] }, 'test the restore of a, b', false],
      [{ do: 'copy', copy: 'nas' }, 'copy nas', true],
      [{ do: 'check-copy', copy: 'nas' }, 'check copies nas', false],
      [{ do: 'check-copy', copy: 'nas', readPercent: 5 }, 'check copies nas, reading 5 %', false],
      [{ do: 'playbook', playbook: 'rotate', target: '/srv' }, 'playbook rotate on /srv', true],
      [{ do: 'report', report: 'night' }, 'report night', false],
    ];
    for (const [task, text, changesIt] of tasks) {
      assert.equal(taskText(task), text);
      assert.equal(changesSomething(task), changesIt, text);
    }
  });
});

test('a deploy by schedule builds nothing, and pulls where that was said', () => {
  const gate = { gate: { window: 'night' } };
  assert.deepEqual(deployTask('/srv/web.yml', { A: '1' }, { copyLimitBytes: 7, pull: true }, gate), {
    do: 'deploy',
    source: { from: 'file', file: '/srv/web.yml', envFiles: [], variables: { A: '1' }, profiles: [] },
    options: { copyLimitBytes: 7, build: false, pull: true },
    gate: { window: 'night' },
  });
  assert.equal(defaultCatchUpMs, 600_000);
});

test('a cron line is split at any blanks; one that is not whole is for others to refuse', () => {
  assert.match(scheduleFault(' 0  2 1 * 1') ?? '', /two schedules/);
  assert.equal(scheduleFault('\t0 2 * * 1'), undefined);
  for (const short of ['', '0 2', '0 2 1', '0 2 1 *']) assert.equal(scheduleFault(short), undefined, short);
  assert.equal(timingText(schedule('x')), '30 2 * * * Europe/Berlin');
});
