/** The workflows that a worker offers. */
export { carryOut } from './carry-out.ts';
export { cleanUp } from './clean-up.ts';
export { checkCopies, initCopies, restoreCopy } from './copies.ts';
export { copyData } from './copy-data.ts';
export { deployEcosystem } from './deploy-ecosystem.ts';
export { guardOperation } from './guard-operation.ts';
export { holdHost } from './hold-host.ts';
export { deployStack } from './deploy-stack.ts';
export { measureOutcome } from './measure-outcome.ts';
export { noteSaying } from './note-saying.ts';
export { oodaCycle } from './ooda-cycle.ts';
export { pinSnapshot, unpinSnapshot } from './pin-snapshot.ts';
export { restoreTest } from './restore-test.ts';
export { rotateSnapshots } from './rotate-snapshots.ts';
export { resumeUnwind } from './resume-unwind.ts';
export { runPlaybook } from './run-playbook.ts';
export { runScheduled } from './run-scheduled.ts';
export { takeDelivery } from './take-delivery.ts';
export { tellChannel } from './tell-channel.ts';
export { tellPeople } from './tell-people.ts';
export { tendRecords } from './tend-records.ts';
export {
  auditTrail,
  briefingFacts,
  autonomy,
  autonomyRecord,
  cleanupPlan,
  copiesStanding,
  copyPlan,
  dataSets,
  decisions,
  diskForecasts,
  filesystemHealth,
  hostDependencies,
  hostHealth,
  hostIncidents,
  incidentHistory,
  planGuarded,
  planPlaybook,
  playbookList,
  planStack,
  quietWindows,
  recordedHistory,
  restoreTestPlan,
  rotationPlan,
  snapshotCheck,
  snapshotDifference,
  snapshotList,
  stackReleases,
  stackStatus,
  wantedSchedules,
} from './questions.ts';
