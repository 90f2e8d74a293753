/**
 * Loaded before a worker: its clock is as far from the machine's as the file says that `BATON_TEST_CLOCK` names, in ms, also
 * when that changes. Days go by in a minute then, and what is measured in them is real.
 */
import { readFileSync } from 'node:fs';

const file = process.env['BATON_TEST_CLOCK'] ?? '';
const Real = Date;
/** Reading a file at each look at the clock would be felt. */
const readAgainMs = 20;
let read = { at: -Infinity, movedMs: 0 };

const now = (): number => {
  const at = performance.now();
  if (at - read.at > readAgainMs) read = { at, movedMs: Number(readFileSync(file, 'utf8')) };
  return Real.now() + read.movedMs;
};

globalThis.Date = new Proxy(Real, {
  construct: (target, args: unknown[]) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args) as Date,
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
});
