/** Checks that need no service: a file must be whole and readable in its format. Probes ask services: see `domain/stack.ts`. */

export const fileFormats = ['yaml', 'json', 'toml'] as const;
export type FileFormat = (typeof fileFormats)[number];

export type FileCheck = {
  type: FileFormat;
  /** An absolute path on the worker's host. */
  file: string;
};
