/** Labels that Baton writes on what it makes. They, with the disk, are the truth; the state directory is a convenience. */
import type { OperationId, ReleaseId, ServiceName, StackName } from './names.ts';

export const label = {
  stack: 'dev.baton.stack',
  service: 'dev.baton.service',
  release: 'dev.baton.release',
  operation: 'dev.baton.operation',
  /** Hash of everything the container was made from. Equal hash: nothing to do. */
  hash: 'dev.baton.hash',
  /** Of a throwaway container of a restore test: the host whose test it is. */
  restoreTest: 'dev.baton.restore-test',
  /** Compose's own labels, so that `docker compose ps` sees the stack. */
  composeProject: 'com.docker.compose.project',
  composeService: 'com.docker.compose.service',
} as const;

export const containerLabels = (of: {
  stack: StackName;
  service: ServiceName;
  release: ReleaseId;
  operation: OperationId;
  hash: string;
  file: string;
  oneOff?: boolean;
}): Record<string, string> => ({
  [label.stack]: of.stack,
  [label.service]: of.service,
  [label.release]: of.release,
  [label.operation]: of.operation,
  [label.hash]: of.hash,
  [label.composeProject]: of.stack,
  [label.composeService]: of.service,
  'com.docker.compose.container-number': '1',
  'com.docker.compose.oneoff': 'False',
  'com.docker.compose.project.config_files': of.file,
});

/** What a replaced container is called until commit: its name, then the operation that set it aside. */
export const asideName = (name: string, operation: OperationId): string => `${name}.baton-${operation}`;

/** The reverse of {@link asideName}. */
export const parseAsideName = (name: string): { name: string; operation: string } | undefined => {
  const groups = /^(?<name>.+)\.baton-(?<operation>[0-9a-f]{8})$/.exec(name)?.groups;
  return groups && { ...(groups as { name: string; operation: string }) };
};

/** The stack that a container belongs to: made by Baton, or by `docker compose`. */
export const stackOf = (labels: Record<string, string>): string | undefined =>
  labels[label.stack] ?? labels[label.composeProject];

export const serviceOf = (labels: Record<string, string>): string | undefined =>
  labels[label.service] ?? labels[label.composeService];
