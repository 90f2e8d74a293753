/** What people say to Baton's loop: kept in the audit log, and in the records where it counts there. */
import { sayingEvent, type Saying } from '../domain/saying.ts';
import { lookedAtKey } from '../domain/circumstances.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';

export const sayingActivities = (ports: Ports) => ({
  /** Nothing counts of which it is not written down who said it. */
  async keepSaying(saying: Saying): Promise<void> {
    await beating(async () => {
      await ports.audit.append([sayingEvent(saying)]);
      if (saying.what !== 'looked-at') return;
      const key = lookedAtKey(saying);
      const { at, by } = saying;
      const entry = { kind: 'looked-at' as const, id: key, at: Date.parse(at), about: key, body: { by } };
      await (await ports.records()).write({ entries: [entry] });
    });
  },
});
