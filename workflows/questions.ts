/** Read-only questions to a host: they lock nothing, change nothing, and are answered by its worker. */
import { workflowInfo } from '@temporalio/workflow';
import type { BriefingKind, Facts } from '../domain/briefing/facts.ts';
import type { CleanupWish, ExplainedCleanup } from '../domain/cleanup.ts';
import type { CopiesStanding, CopyPlan, CopyRef } from '../domain/copy.ts';
import type { SetStatus } from '../domain/data-set.ts';
import type { FilesystemHealth } from '../domain/filesystem-health.ts';
import type { DependencyMap } from '../domain/dependency-map.ts';
import type { DiskForecast } from '../domain/disk-forecast.ts';
import type { Changes } from '../domain/changes.ts';
import type { GuardQuestion } from '../domain/guard.ts';
import type { Incident } from '../domain/incident.ts';
import type { OperationRequest } from '../domain/operation.ts';
import type { OperationId, StackName } from '../domain/names.ts';
import type { Wish } from '../domain/quiet-hours.ts';
import type { ReleaseRecord } from '../domain/release.ts';
import type { PreparedPlaybook, ReadPlaybooks } from '../domain/playbook.ts';
import type { Problem } from '../domain/problem.ts';
import type { RestoreTestPlan } from '../domain/restore-test.ts';
import type { PathRotation, RotationPlan } from '../domain/rotation.ts';
import type { SnapshotFinding, SnapshotInfo, SnapshotName } from '../domain/snapshot.ts';
import type { Look } from '../domain/look.ts';
import type { RecordedHistory } from '../domain/simulation.ts';
import type { StackStatus } from '../domain/status.ts';
import type { AutonomyRecord, AutonomyStatus, DecisionTold } from '../domain/autonomy-status.ts';
import type { AuditTrail } from '../activities/audit.ts';
import type { PreparedGuard } from '../activities/guard.ts';
import type { IncidentsKept } from '../activities/incident.ts';
import type { Prepared } from '../activities/plan.ts';
import type { QuietAnswer } from '../activities/quiet-hours.ts';
import type { WantedSchedules } from '../activities/schedule.ts';
import { lengthy, reading } from './activities.ts';

/** What would change, and in which order. */
export async function planStack(request: OperationRequest): Promise<Prepared> {
  const summary = `plan ${request.kind} of ${request.stack}`;
  return await reading.preparePlan.executeWithOptions({ summary }, [request]);
}

/** What a guarded command would put at stake, and whose lock it would take. */
export async function planGuarded(request: GuardQuestion): Promise<PreparedGuard> {
  return await reading.prepareGuard.executeWithOptions({ summary: `guard: ${request.title}` }, [request]);
}

/** What runs now. Without a name: every stack that Baton or Compose made. */
export async function stackStatus(stack?: StackName): Promise<StackStatus[]> {
  return await reading.readStatus.executeWithOptions(
    { summary: stack ?? 'every stack' },
    stack ? [stack] : [],
  );
}

/** The recorded releases of a stack, newest last. */
export async function stackReleases(stack: StackName): Promise<ReleaseRecord[]> {
  const summary = `${stack} on ${workflowInfo().taskQueue}`;
  return await reading.readReleases.executeWithOptions({ summary }, [stack]);
}

/** What is kept of data on this host, oldest first. */
export async function snapshotList(stack?: StackName): Promise<SnapshotInfo[]> {
  return await reading.readSnapshots.executeWithOptions(
    { summary: stack ?? 'of every stack' },
    stack ? [stack] : [],
  );
}

/** How the host is at this moment. */
export async function hostHealth(): Promise<Look> {
  return await reading.lookAtHost.executeWithOptions({ summary: 'every source' }, []);
}

/** Incidents on record: causes with their effects, and those that are over. */
export async function hostIncidents(): Promise<IncidentsKept> {
  return await reading.readIncidents.executeWithOptions({ summary: 'as they are on record' }, []);
}

/** Each time that there was one of this identity. */
export async function incidentHistory(id: string): Promise<Incident[]> {
  return await reading.readIncident.executeWithOptions({ summary: id }, [id]);
}

/** What needs what on the host. */
export async function hostDependencies(): Promise<DependencyMap> {
  return await reading.readDependencies.executeWithOptions({ summary: 'of every stack' }, []);
}

/** When the disks of the host are full. */
export async function diskForecasts(horizonMs: number): Promise<DiskForecast[]> {
  return await reading.forecastDisks.executeWithOptions({ summary: 'every disk' }, [horizonMs]);
}

/** What a report of a night, a week or a month is made of. */
export async function briefingFacts(kind: BriefingKind): Promise<Facts> {
  return await reading.gatherFacts.executeWithOptions({ summary: kind }, [kind]);
}

/** When few use each target. @param days how far back it looks. */
export async function quietWindows(days: number, wish: Wish): Promise<QuietAnswer> {
  return await reading.findQuietHours.executeWithOptions({ summary: `${days} days` }, [days, wish]);
}

/** What was decided, what came of it, and what was wrong. @param days how far back. */
export async function recordedHistory(days: number): Promise<RecordedHistory> {
  return await reading.readHistory.executeWithOptions({ summary: `${days} days` }, [days]);
}

/** What Baton may do by itself now, and why. */
export async function autonomy(): Promise<AutonomyStatus> {
  return await reading.readAutonomy.executeWithOptions(
    { summary: 'the level and what is left of today' },
    [],
  );
}

/** What was decided, and what came of it. @param most of the newest; only that of an id where one is given. */
export async function decisions(most: number, id?: string): Promise<DecisionTold[]> {
  const args: [number, string?] = id === undefined ? [most] : [most, id];
  return await reading.readDecisions.executeWithOptions({ summary: id ?? `the newest ${most}` }, args);
}

/** How promises were kept. */
export async function autonomyRecord(): Promise<AutonomyRecord> {
  return await reading.readRecord.executeWithOptions({ summary: 'calibration' }, []);
}

/** The newest lines of the audit log, and whether all of it holds. */
export async function auditTrail(most: number): Promise<AuditTrail> {
  return await reading.readAudit.executeWithOptions({ summary: `the newest ${most}` }, [most]);
}

/** What differs between two snapshots of one path, or between one and what stands now. */
export async function snapshotDifference(
  question: OperationId,
  one: SnapshotName,
  other?: SnapshotName,
): Promise<Changes> {
  const summary = `${one} and ${other ?? 'what stands now'}`;
  return await lengthy.compareSnapshots.executeWithOptions({ summary }, [question, one, other]);
}

/** What is kept of data, whether it is in good order, and what lies among it. It looks at each snapshot. */
export async function snapshotCheck(stack?: StackName): Promise<SnapshotFinding[]> {
  return await lengthy.checkSnapshots.executeWithOptions(
    { summary: stack ?? 'of every stack' },
    stack ? [stack] : [],
  );
}

/** What a rotation would remove, and why it would keep the rest. */
export async function rotationPlan(stack?: StackName): Promise<RotationPlan & { paths: PathRotation[] }> {
  return await reading.explainRotation.executeWithOptions(
    { summary: stack ?? 'of every stack' },
    stack ? [stack] : [],
  );
}

/** The data sets of a host, what is kept of each, and what is wrong. */
export async function dataSets(): Promise<{ sets: SetStatus[]; problems: Problem[] }> {
  return await reading.readDataSets.executeWithOptions({ summary: 'as baton.yml names them' }, []);
}

/** What a restore test would bring up, and what cannot be tested. */
export async function restoreTestPlan(sets: string[]): Promise<RestoreTestPlan> {
  return await reading.planRestoreTests.executeWithOptions({ summary: sets.join(', ') || 'all of them' }, [
    sets,
  ]);
}

/** The playbooks of a host, and what is wrong with those that cannot be read. */
export async function playbookList(): Promise<ReadPlaybooks> {
  return await reading.readPlaybooks.executeWithOptions({ summary: 'shipped, and the owner’s' }, []);
}

/** What a playbook would do on a target, and the figures that it would be measured by. */
export async function planPlaybook(playbook: string, target: string): Promise<PreparedPlaybook> {
  return await lengthy.preparePlaybook.executeWithOptions({ summary: `${playbook} on ${target}` }, [
    { playbook, target },
  ]);
}

/** What `baton.yml` wants to begin by itself. */
export async function wantedSchedules(): Promise<WantedSchedules> {
  return await reading.readSchedules.executeWithOptions({ summary: 'as baton.yml lays them down' }, []);
}

/** What a cleanup would remove, in order, and why it would keep the rest. Sizes are measured, which may take minutes. */
export async function cleanupPlan(wish: CleanupWish): Promise<ExplainedCleanup> {
  return await lengthy.explainCleanup.executeWithOptions({ summary: wish.only?.join(', ') ?? 'all of it' }, [
    wish,
  ]);
}

/** What would be copied where, from which snapshots. The target is asked what it holds. */
export async function copyPlan(ref: CopyRef): Promise<CopyPlan> {
  return await lengthy.planCopy.executeWithOptions({ summary: ref.name }, [ref]);
}

/** How each copy stands. @param ask whether the targets are asked as well. */
export async function copiesStanding(operation: OperationId, ask: boolean): Promise<CopiesStanding[]> {
  const summary = ask ? 'here and at the targets' : 'as known here';
  return await lengthy.readCopies.executeWithOptions({ summary }, [{ operation }, ask]);
}

/** When filesystems that hold data were last read as a whole, and what their devices got wrong. */
export async function filesystemHealth(): Promise<FilesystemHealth[]> {
  return await reading.readHealth.executeWithOptions({ summary: 'scrubs, and errors of devices' }, []);
}
