/** What the host's own rules say of an operation, and when its windows open. */
import { nextOccurrence } from '../compose/cron.ts';
import { eventKinds, type EventKind } from '../domain/event.ts';
import { jointGate, type JointGate } from '../domain/ecosystem.ts';
import { gateOf, isTime, type Gate } from '../domain/gate.ts';
import { needOf, needOfAll, type Need } from '../domain/need.ts';
import type { Channel } from '../domain/notice.ts';
import type { Announced, OperationRequest } from '../domain/operation.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/settings.ts';
import { formatDuration } from '../domain/size.ts';
import { nextOpening, type Opening, type Span, type Window } from '../domain/window.ts';
import { beating, permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

export const gateActivities = (ports: Ports) => ({
  /**
   * When all windows of these names are open: at `from` (ISO 8601) or after.
   * @param work what is to begin and end in it.
   * @throws a permanent failure where that never comes.
   */
  async findOpening(names: string[], from: string, work?: Work): Promise<Opening> {
    return await beating(async () => {
      const windows = windowsOf(names, await demandSettings(ports));
      const need = work && (await needFor(ports, work));
      const enoughMs = Math.max(0, (need?.ms ?? 0) - askedWithinMs);
      const span = nextOpening(windows, Date.parse(from), nextOccurrence, enoughMs);
      if (span) return { ...openingOf(windows, span), ...(need ? { need } : {}) };
      throw permanent('NeverOpen', neverOpen(names, need));
    });
  },

  /** When a window opens next after `from` (ISO 8601), whether or not it is open then. @throws as `findOpening`. */
  async findNextOpening(name: string, from: string): Promise<Opening> {
    return await beating(async () => {
      const windows = windowsOf([name], await demandSettings(ports));
      const at = Date.parse(from);
      const first = nextOpening(windows, at, nextOccurrence);
      const span = first && first.from <= at ? nextOpening(windows, first.to, nextOccurrence) : first;
      if (!span) throw permanent('NeverOpen', neverOpen([name]));
      return openingOf(windows, span);
    });
  },
});

/** What is to be done while windows are open. @property needsMs how long somebody has said that it takes. */
export type Work = Pick<Announced, 'kind' | 'stack'> & Pick<Gate, 'needsMs' | 'stacks'>;

const needFor = async (
  { memory }: Ports,
  { kind, stack, needsMs, stacks }: Work,
): Promise<Need | undefined> =>
  needOfAll(
    await Promise.all(
      (stacks ?? [{ stack, needsMs }]).map(async (one) =>
        needOf({ kind }, one.needsMs, await memory.history(one.stack)),
      ),
    ),
  );

/** As a window opens it is asked for once more, some moments later; what needs all of it must not wait for the next one then. */
const askedWithinMs = 60_000;

const windowsOf = (names: readonly string[], settings: Settings): Window[] =>
  names.map((name) => {
    if (!Object.hasOwn(settings.windows, name))
      throw permanent('NoSuchWindow', noSuchWindow(name, settings).message);
    return settings.windows[name] as Window;
  });

const openingOf = (windows: readonly Window[], { from, to }: Span): Opening => {
  const ends = windows
    .filter(({ atEnd }) => atEnd === 'unwind')
    .map((window) => nextOpening([window], from, nextOccurrence)?.to ?? to);
  return {
    opens: iso(from),
    closes: iso(to),
    ...(ends.length > 0 ? { unwindsAt: iso(Math.min(...ends)) } : {}),
  };
};

const neverOpen = (names: readonly string[], need?: Need): string =>
  `There is no time when ${names.join(' and ')} is open${need ? ` for ${formatDuration(need.ms)}, ${need.because}` : ''}.`;

const iso = (ms: number): string => new Date(ms).toISOString();

/** Also what of its end people are told. Problems of `baton.yml` are the operation's: a rule that cannot be read may be the one that counts. */
export const gateFor = async (
  ports: Pick<Ports, 'settings'>,
  announced: Pick<Announced, 'kind' | 'stack'> & Pick<OperationRequest, 'gate' | 'ecosystem'>,
): Promise<{ gate?: Gate; hears?: EventKind[]; problems: Problem[] }> => {
  const read = await ports.settings();
  if (!read.ok) return { problems: read.problems };
  const hears = heardBy(read.settings.channels);
  const { gate, refusal } = ruledGate(announced, read.settings);
  if (refusal !== undefined)
    return { problems: [{ severity: 'error', code: 'nobody-may', message: refusal }] };
  if (!gate) return { ...hears, problems: [] };
  if (gate.notBefore !== undefined && !isTime(gate.notBefore))
    return {
      problems: [
        { severity: 'error', code: 'time', message: `${JSON.stringify(gate.notBefore)} is no time.` },
      ],
    };
  const unknown = gate.windows.filter((name) => !Object.hasOwn(read.settings.windows, name));
  return { gate, ...hears, problems: unknown.map((name) => noSuchWindow(name, read.settings)) };
};

/** Of a stack in an ecosystem the rules for either name count. */
const ruledGate = (
  { kind, stack, gate: wish, ecosystem }: Parameters<typeof gateFor>[1],
  { gates: rules, channels }: Settings,
): JointGate => {
  const tells = channels.filter(({ events }) => events.includes('question')).map(({ name }) => name);
  const gate = gateOf({ kind, stack }, wish, rules, tells);
  if (!ecosystem) return gate ? { gate } : {};
  const ofWhole = gateOf({ kind, stack: ecosystem.name }, wish, rules, tells);
  return jointGate([gate, ofWhole].filter((one) => one !== undefined));
};

/** What somebody wants to be told of; absent where nobody does. */
const heardBy = (channels: readonly Channel[]): { hears?: EventKind[] } => {
  const hears = eventKinds.filter((kind) => channels.some(({ events }) => events.includes(kind)));
  return hears.length > 0 ? { hears } : {};
};

const noSuchWindow = (name: string, { windows, file }: Settings): Problem => ({
  severity: 'error',
  code: 'no-such-window',
  message: `There is no window "${name}" in ${file}; there is ${Object.keys(windows).join(', ') || 'none'}. Nothing was changed.`,
});
