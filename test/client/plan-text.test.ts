/** A plan as a person reads it, where something takes the place of data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planText } from '../../client/plan-text.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import { mustLoad } from '../compose/loading.ts';
import { plan, runningWorld } from '../domain/worlds.ts';

const stack = await mustLoad(`
name: web
services:
  db: {image: "postgres:17", volumes: ["/data/db:/data"]}
  app: {image: app, depends_on: [db], volumes: ["/data/app:/data"]}
`);
const snapshot = 'web.before.20261126T180000Z.00000001' as SnapshotName;

test('what comes back, from where, and that a database takes its dump in', () => {
  const restore = [
    { path: '/data/app', snapshot },
    { path: '/data/db', snapshot, kind: 'postgres' as const },
  ];
  const lines = planText(plan(stack, runningWorld(stack), { kind: 'undo', restore })).split('\n');
  assert.deepEqual(
    lines.filter((line) => /put back|takes it in/.test(line)),
    [
      '  ▸ start   db (its data is put back)  postgres:17 · healthy by running',
      '  ▸ start   app (its data is put back)  app · healthy by running · after db',
      `  put back    /data/app from ${snapshot}`,
      `  put back    /data/db from ${snapshot}`,
      '              "db" begins empty and takes it in through pg_restore; meanwhile app is stopped',
    ],
  );
});
