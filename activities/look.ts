/** Looking at a host: every source at once, each with a time of its own, and what came of it beside what was known. */
import { healthScore } from '../domain/health-score.ts';
import { afterLook, causesAmong, incidentId, type Finding, type Incident } from '../domain/incident.ts';
import { unknownIn, type Asked, type KeptLook, type Look, type Seen } from '../domain/look.ts';
import { beating } from './activity.ts';
import { seeDisks } from './observe/disks.ts';
import { seeServices } from './observe/services.ts';
import type { Ports } from './ports/index.ts';
import type { Entry, Note } from './ports/records.ts';

/** Each reads only. One that cannot be asked says nothing, and says so. */
const sources: Readonly<Record<string, (ports: Ports) => Promise<Seen>>> = {
  services: seeServices,
  disks: seeDisks,
};

/** A source that hangs must not keep the others from being seen. Probes end after five seconds. */
const sourceWithinMs = 20_000;

export const lookActivities = (ports: Ports) => ({
  /** Looks, and keeps nothing of it. */
  async lookAtHost(): Promise<Look> {
    return await beating(async () => (await look(ports, Date.now())).look);
  },

  /** Looks, and keeps what it saw. @param id of the look: called again for it, it takes the place of what it kept. */
  async keepLook(id: string): Promise<Look> {
    return await beating(async () => {
      const { look: seen, note } = await look(ports, Date.now());
      const { at, asked, health } = seen;
      const body: KeptLook = { asked, score: health.score };
      const entry: Entry = { kind: 'look', id, at, about: ports.host, body };
      const records = await ports.records();
      await records.write({ ...note, entries: [...(note.entries ?? []), entry] });
      await records.tidy(at);
      return seen;
    });
  },
});

const look = async (ports: Ports, at: number): Promise<{ look: Look; note: Note }> => {
  const seen = await Promise.all(
    Object.entries(sources).map(async ([name, see]) => await askSource(name, async () => await see(ports))),
  );
  const known = await knownIncidents(ports);
  const incidents = afterLook(
    known,
    seen.flatMap(({ findings }): Finding[] => findings),
    at,
  );
  const needs = new Map(seen.flatMap((one) => Object.entries(one.needs)));
  const asked = seen.map((one) => one.asked);
  const causes = causesAmong(incidents, needs);
  return {
    look: { host: ports.host, at, asked, causes, health: healthScore(causes, unknownIn(asked)) },
    note: {
      samples: seen.flatMap(({ samples }) => samples.map((sample) => ({ ...sample, at }))),
      entries: incidents.filter((one) => !known.includes(one)).map(entryOf),
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

/** The newest of each identity. */
const knownIncidents = async (ports: Ports): Promise<Incident[]> => {
  const entries = await (await ports.records()).entries({ kind: 'incident' });
  return [...new Map(entries.map(({ about, body }) => [about, body as Incident])).values()];
};

const askSource = async (source: string, see: () => Promise<Seen>): Promise<Seen & { asked: Asked }> => {
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  try {
    const seen = await inTime(see());
    const { findings, samples } = seen;
    return {
      ...seen,
      asked: { source, tookMs: took(), state: 'seen', findings: findings.length, samples: samples.length },
    };
  } catch (error) {
    const why = (error as Error).message;
    return { samples: [], findings: [], needs: {}, asked: { source, tookMs: took(), state: 'unknown', why } };
  }
};

const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${sourceWithinMs / 1_000} s`));
  }, sourceWithinMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
