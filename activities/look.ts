/** Looking at a host: every source at once, each with a time of its own, and what came of it beside what was known. */
import { healthScore } from '../domain/health-score.ts';
import { afterLook, causesAmong, incidentId, type Finding, type Incident } from '../domain/incident.ts';
import { unknownIn, type Asked, type KeptLook, type Look, type Seen } from '../domain/look.ts';
import { setImpossibleAside } from '../domain/possible.ts';
import { beating } from './activity.ts';
import { Counters } from './observe/counters.ts';
import { cursorEntry } from './observe/cursor.ts';
import { sources } from './observe/index.ts';
import { setScene, type Scene, type Source } from './observe/source.ts';
import type { Ports } from './ports/index.ts';
import type { Entry, Note } from './ports/records.ts';
import { takingTurns } from './turns.ts';

export const lookActivities = (ports: Ports) => {
  const counters = new Counters();
  // Two at a time would go on from one cursor, and count the same twice.
  const inTurn = takingTurns();
  const lookAndKeep = async (id: string): Promise<Look> => {
    const { look: seen, note } = await look(setScene(ports, Date.now(), counters));
    const { at, asked, health } = seen;
    demandRecords(asked);
    // Sources that saw everything need no room: there is a look each five minutes, for more than a year.
    const body: KeptLook = { asked: asked.filter((one) => unknownIn([one]).length > 0), score: health.score };
    const entry: Entry = { kind: 'look', id, at, about: ports.host, body };
    const records = await ports.records();
    await records.write({ ...note, entries: [...(note.entries ?? []), entry] });
    await records.tidy(at);
    return seen;
  };
  return {
    /** Looks, and keeps nothing of it. */
    async lookAtHost(): Promise<Look> {
      return await beating(async () => (await look(setScene(ports, Date.now(), counters))).look);
    },

    /** Looks, and keeps what it saw. @param id of the look: called again for it, it takes the place of what it kept. */
    async keepLook(id: string): Promise<Look> {
      return await beating(async () => await inTurn('look', async () => await lookAndKeep(id)));
    },
  };
};

/** What is kept without knowing what was known would open every incident anew. */
const demandRecords = (asked: readonly Asked[]): void => {
  const missing = asked.find((one) => one.source === 'records');
  if (missing?.state === 'unknown') throw new Error(`The records cannot be read: ${missing.why}`);
};

const look = async (scene: Scene): Promise<{ look: Look; note: Note }> => {
  const { ports, at } = scene;
  const seen = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => await askSource(name, source, scene)),
  );
  const whole = seen.flatMap((one) => (one.unknown ? [] : (one.whole ?? [])));
  const measured = setImpossibleAside(seen.flatMap(({ samples }) => samples));
  const { known, asked: remembered } = await remember(ports);
  const incidents = afterLook(
    known,
    [...seen.flatMap(({ findings }): Finding[] => findings), ...measured.findings],
    at,
    // What could not be asked has measured nothing that is possible again.
    unknownIn(seen.map((one) => one.asked)).length > 0 ? whole : [...whole, 'impossible-value'],
  );
  const needs = new Map(seen.flatMap((one) => Object.entries(one.needs)));
  const asked = [...seen.map((one) => one.asked), ...remembered];
  const causes = causesAmong(incidents, needs);
  return {
    look: {
      host: ports.host,
      at,
      asked,
      causes,
      health: healthScore(causes, unknownIn(asked)),
      needs: Object.fromEntries(needs),
    },
    note: {
      samples: measured.samples.map((sample) => ({ ...sample, at })),
      entries: [
        ...incidents.filter((one) => !known.includes(one)).map(entryOf),
        ...seen.flatMap(({ cursor, asked: { source } }) =>
          cursor === undefined ? [] : [cursorEntry(ports.host, source, at, cursor)],
        ),
      ],
    },
  };
};

/** As it was first is part of what is kept, so a return within a day keeps its place and a later one takes another. */
const entryOf = (incident: Incident): Entry => ({
  kind: 'incident',
  id: `${incidentId(incident)} ${incident.openedAt}`,
  at: incident.openedAt,
  about: incidentId(incident),
  body: incident,
});

/** The newest of each identity. Records that cannot be read keep nobody from seeing what is wrong now. */
const remember = async (ports: Ports): Promise<{ known: Incident[]; asked: Asked[] }> => {
  const began = performance.now();
  try {
    const entries = await (await ports.records()).newestOfEach('incident');
    return { known: entries.map(({ body }) => body as Incident), asked: [] };
  } catch (error) {
    const tookMs = Math.round(performance.now() - began);
    const why = (error as Error).message;
    return { known: [], asked: [{ source: 'records', tookMs, state: 'unknown', why }] };
  }
};

const nothing: Seen = { samples: [], findings: [], needs: {} };

const askSource = async (
  name: string,
  { see, withinMs, freshForMs }: Source,
  scene: Scene,
): Promise<Seen & { asked: Asked }> => {
  const began = performance.now();
  const about = () => ({ source: name, tookMs: Math.round(performance.now() - began) });
  try {
    const seen = await inTime(see(scene), withinMs);
    if ('notHere' in seen) return { ...nothing, asked: { ...about(), state: 'not here', why: seen.notHere } };
    const { findings, samples, unknown } = seen;
    const counts = { findings: findings.length, samples: samples.length, freshForMs };
    return { ...seen, asked: { ...about(), state: 'seen', ...counts, ...(unknown ? { unknown } : {}) } };
  } catch (error) {
    return { ...nothing, asked: { ...about(), state: 'unknown', why: (error as Error).message } };
  }
};

const inTime = async <Result>(work: Promise<Result>, ms: number): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${ms / 1_000} s`));
  }, ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
