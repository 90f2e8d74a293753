/** The workflows that a worker offers. */
export { deployStack } from './deploy-stack.ts';
export { planStack, stackReleases, stackStatus } from './questions.ts';
