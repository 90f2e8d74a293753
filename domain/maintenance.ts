/** Maintenance of a database: what is asked for, and where it is carried out. */
import type { RunningDatabase } from './database.ts';
import type { ServiceName } from './names.ts';

export type MaintenanceWish = {
  /** Of the stack whose lock is held. */
  service: ServiceName;
  /** Also its indexes are built anew; a table is not written to meanwhile. */
  indexes: boolean;
};

export type Maintenance = Pick<RunningDatabase, 'kind' | 'service' | 'container'> &
  Pick<MaintenanceWish, 'indexes'>;

export const maintenanceTitle = (where: string, { indexes }: Pick<MaintenanceWish, 'indexes'>): string =>
  `Vacuum and analyse ${where}${indexes ? ', and build its indexes anew' : ''}`;
