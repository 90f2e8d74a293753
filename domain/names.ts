/**
 * Names that reach a command, a path or an engine. Each is a branded string, made only by its `parse…` function,
 * so that a value that was never checked cannot be passed where a checked one is needed.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A stack's name: Compose's project-name rule, `[a-z0-9][a-z0-9_-]*`, at most 63 characters. */
export type StackName = Branded<'StackName'>;
/** A service's key in a stack: `[a-zA-Z0-9][a-zA-Z0-9._-]*`, at most 63 characters. */
export type ServiceName = Branded<'ServiceName'>;
/** What a release is called: the first 12 hex digits of the SHA-256 of its content. */
export type ReleaseId = Branded<'ReleaseId'>;
/** What an operation is called: 8 lower-case hex digits, unique for one host. */
export type OperationId = Branded<'OperationId'>;

const patterns = {
  stack: /^[a-z0-9][a-z0-9_-]{0,62}$/,
  service: /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/,
  release: /^[0-9a-f]{12}$/,
  operation: /^[0-9a-f]{8}$/,
} as const;

/** @returns the name, or `undefined` where it breaks the rule of {@link StackName}. */
export const parseStackName = (text: string): StackName | undefined =>
  patterns.stack.test(text) ? (text as StackName) : undefined;

/** @returns the name, or `undefined` where it breaks the rule of {@link ServiceName}. */
export const parseServiceName = (text: string): ServiceName | undefined =>
  patterns.service.test(text) ? (text as ServiceName) : undefined;

/** @returns the id, or `undefined` where it is not 12 hex digits. */
export const parseReleaseId = (text: string): ReleaseId | undefined =>
  patterns.release.test(text) ? (text as ReleaseId) : undefined;

/** @returns the id, or `undefined` where it is not 8 hex digits. */
export const parseOperationId = (text: string): OperationId | undefined =>
  patterns.operation.test(text) ? (text as OperationId) : undefined;
