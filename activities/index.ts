/** Every activity that a workflow can ask for, made from the ports. */
import { actionActivities } from './action.ts';
import { auditActivities } from './audit.ts';
import { briefingActivities } from './briefing.ts';
import { autonomyActivities } from './autonomy.ts';
import { cleanupActivities } from './cleanup.ts';
import { commitActivities } from './commit.ts';
import { containerActivities } from './container.ts';
import { copyActivities } from './copy.ts';
import { copyStandingActivities } from './copy-standing.ts';
import { dataActivities } from './data.ts';
import { dataSetActivities } from './data-set.ts';
import { decideActivities } from './decide.ts';
import { editActivities } from './edit.ts';
import { forecastActivities } from './forecast.ts';
import { gateActivities } from './gate.ts';
import { guardActivities } from './guard.ts';
import { fileActivities } from './managed-file.ts';
import { historyActivities } from './history.ts';
import { imageActivities } from './image.ts';
import { incidentActivities } from './incident.ts';
import { lookActivities } from './look.ts';
import { notifyActivities } from './notify.ts';
import { planActivities } from './plan.ts';
import { playbookActivities } from './playbook.ts';
import type { Ports } from './ports/index.ts';
import { quietHoursActivities } from './quiet-hours.ts';
import { resourceActivities } from './resource.ts';
import { maintenanceActivities } from './maintenance.ts';
import { restartActivities } from './restart.ts';
import { restoreDumpActivities } from './restore-dump.ts';
import { restoreTestActivities } from './restore-test.ts';
import { rotationActivities } from './rotation.ts';
import { sayingActivities } from './saying.ts';
import { scheduleActivities } from './schedule.ts';
import { snapshotActivities } from './snapshot.ts';
import { statusActivities } from './status.ts';
import { tendRecordsActivities } from './tend-records.ts';
import { userActivities } from './user.ts';
import { validationActivities } from './validation.ts';
import { webhookActivities } from './webhook.ts';

export const createActivities = (ports: Ports) => ({
  ...planActivities(ports),
  ...imageActivities(ports),
  ...dataActivities(ports),
  ...restoreDumpActivities(ports),
  ...resourceActivities(ports),
  ...fileActivities(ports),
  ...containerActivities(ports),
  ...validationActivities(ports),
  ...commitActivities(ports),
  ...statusActivities(ports),
  ...guardActivities(ports),
  ...auditActivities(ports),
  ...gateActivities(ports),
  ...notifyActivities(ports),
  ...lookActivities(ports),
  ...incidentActivities(ports),
  ...forecastActivities(ports),
  ...briefingActivities(ports),
  ...historyActivities(ports),
  ...quietHoursActivities(ports),
  ...tendRecordsActivities(ports),
  ...decideActivities(ports),
  ...autonomyActivities(ports),
  ...actionActivities(ports),
  ...sayingActivities(ports),
  ...editActivities(ports),
  ...userActivities(ports),
  ...maintenanceActivities(ports),
  ...restartActivities(ports),
  ...playbookActivities(ports),
  ...snapshotActivities(ports),
  ...rotationActivities(ports),
  ...dataSetActivities(ports),
  ...restoreTestActivities(ports),
  ...scheduleActivities(ports),
  ...cleanupActivities(ports),
  ...webhookActivities(ports),
  ...copyActivities(ports),
  ...copyStandingActivities(ports),
});

export type Activities = ReturnType<typeof createActivities>;
