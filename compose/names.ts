/** Names, where a schema wants one. */
import { z } from 'zod';
import { parseStackName, type StackName } from '../domain/names.ts';

export const stackName = z
  .string()
  .refine((text) => parseStackName(text) !== undefined, { error: 'must be the name of a stack' })
  .transform((text) => text as StackName);
