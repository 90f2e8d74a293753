/** What the host's own rules say of an operation, and when its windows open. */
import { nextOccurrence } from '../compose/cron.ts';
import { eventKinds, type EventKind } from '../domain/event.ts';
import { gateOf, isTime, type Gate, type GateWish } from '../domain/gate.ts';
import type { Channel } from '../domain/notice.ts';
import type { Announced } from '../domain/operation.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/settings.ts';
import { nextOpening } from '../domain/window.ts';
import { beating, permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

export const gateActivities = (ports: Ports) => ({
  /** When all windows of these names are open: at `from` (ISO 8601) or after. @throws a permanent failure where that never comes. */
  async findOpening(names: string[], from: string): Promise<{ opens: string }> {
    return await beating(async () => {
      const settings = await demandSettings(ports);
      const windows = names.map((name) => {
        const window = settings.windows[name];
        if (!window) throw permanent('NoSuchWindow', noSuchWindow(name, settings).message);
        return window;
      });
      const span = nextOpening(windows, Date.parse(from), nextOccurrence);
      if (!span) throw permanent('NeverOpen', `There is no time when ${names.join(' and ')} is open.`);
      return { opens: new Date(span.from).toISOString() };
    });
  },
});

/** Also what of its end people are told. Problems of `baton.yml` are the operation's: a rule that cannot be read may be the one that counts. */
export const gateFor = async (
  ports: Pick<Ports, 'settings'>,
  announced: Pick<Announced, 'kind' | 'stack'> & { gate?: GateWish },
): Promise<{ gate?: Gate; hears?: EventKind[]; problems: Problem[] }> => {
  const read = await ports.settings();
  if (!read.ok) return { problems: read.problems };
  const hears = heardBy(read.settings.channels);
  const gate = gateOf(
    announced,
    announced.gate,
    read.settings.gates,
    read.settings.channels.filter(({ events }) => events.includes('question')).map(({ name }) => name),
  );
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
