/** `baton deploy FILE|PLAN`: bring a stack to what its file says, or put everything back. */
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { ecosystemRequest, orderOf, type EcosystemRequest } from '../../domain/ecosystem.ts';
import type { StackName } from '../../domain/names.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import { newOperationId, startEcosystem, startOperation, watchOperation } from '../operation.ts';
import { print, printJson } from '../output.ts';
import { readEcosystem, readStackName } from '../stack-file.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import {
  copyLimitOption,
  examples,
  gateOf,
  gateOptions,
  hostOption,
  jsonOption,
  listOption,
  outputMode,
  setOption,
  waitOption,
  type GateOptions,
  type OutputOptions,
} from './shared.ts';

export type FileOptions = OutputOptions & {
  host?: string;
  set: Record<string, string>;
  envFile: string[];
  profile: string[];
  copyLimit: number;
  build?: boolean;
  pull?: boolean;
};

export const fileOptions = (command: Command): Command =>
  command
    .addOption(hostOption())
    .addOption(setOption())
    .addOption(listOption('--env-file <file>', 'read variables from this file instead of .env (repeatable)'))
    .addOption(listOption('--profile <name>', 'include services of this profile (repeatable)'))
    .addOption(copyLimitOption())
    .option('--build', 'build images even where they are here')
    .option('--pull', 'pull images even where they are here')
    .addOption(jsonOption());

export const deployCommand = (command: Command): void => {
  command
    .argument('<file>', 'a Compose file, an ecosystem, or a plan saved with `baton plan -o`')
    .addOption(waitOption());
  gateOptions(fileOptions(command)).action(async (file: string, options: DeployOptions) => {
    process.exitCode = await deploy(file, options);
  });
  examples(command, [
    'baton deploy stacks/immich.yml',
    'baton deploy stacks/web.yml --set TAG=1.4.2',
    'baton plan stacks/web.yml -o plan.json && baton deploy plan.json',
    'baton deploy stacks/web.yml --wait=false',
    'baton deploy stacks/web.yml --approve',
    'baton deploy stacks/web.yml --at 02:30',
  ]);
};

type DeployOptions = FileOptions & GateOptions & { wait: boolean };

const deploy = async (file: string, options: DeployOptions): Promise<number> => {
  const asked = (await ecosystemOf(file, options)) ?? (await requestFor(file, options));
  const request = { ...asked, ...gateOf(options) };
  return await withClient(async (client) => {
    const handle =
      'phases' in request ? await startEcosystem(client, request) : await startOperation(client, request);
    const mode = outputMode(options);
    if (!options.wait) {
      const started = { operation: request.operation, stack: request.stack, workflowId: handle.workflowId };
      if (mode === 'json') printJson({ type: 'started', ...started });
      else
        print(
          `Operation ${request.operation} on ${request.stack} has started. Watch it: baton events ${request.stack} --follow`,
        );
      return 0;
    }
    return await watchOperation(client, handle, mode);
  });
};

/** @returns `undefined` where the file is no ecosystem. */
export const ecosystemOf = async (
  file: string,
  options: FileOptions,
): Promise<EcosystemRequest | undefined> => {
  const read = file.endsWith('.json') ? undefined : await readEcosystem(file, options);
  if (!read) return undefined;
  const whole = { operation: newOperationId(), host: options.host ?? thisHost().host };
  return ecosystemRequest(orderOf(read.ecosystem), whole, (stack, path) => requestOf(path, stack, options));
};

const requestFor = async (file: string, options: FileOptions): Promise<OperationRequest> => {
  if (!file.endsWith('.json')) return await fileRequest(file, options);
  const { readSavedPlan } = await import('../saved-plan.ts');
  const saved = await readSavedPlan(file);
  return {
    ...saved.request,
    operation: newOperationId(),
    options: { ...saved.request.options, expectedPlan: saved.digest },
  };
};

/** The request that a stack's file and the options ask for. */
export const fileRequest = async (file: string, options: FileOptions): Promise<OperationRequest> =>
  requestOf(resolve(file), await readStackName(file, options), options);

const requestOf = (file: string, stack: StackName, options: FileOptions): OperationRequest => ({
  operation: newOperationId(),
  kind: 'deploy',
  stack,
  host: options.host ?? thisHost().host,
  source: {
    from: 'file',
    file,
    envFiles: options.envFile.map((name) => resolve(name)),
    variables: options.set,
    profiles: options.profile,
  },
  options: {
    copyLimitBytes: options.copyLimit,
    build: options.build ?? false,
    pull: options.pull ?? false,
  },
});
