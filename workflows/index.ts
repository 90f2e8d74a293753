/** The workflows that a worker offers. */
export { deployEcosystem } from './deploy-ecosystem.ts';
export { guardOperation } from './guard-operation.ts';
export { deployStack } from './deploy-stack.ts';
export { resumeUnwind } from './resume-unwind.ts';
export {
  planGuarded,
  planStack,
  snapshotDifference,
  snapshotList,
  stackReleases,
  stackStatus,
} from './questions.ts';
