/** Whether everything that is resolved late can be: the variables of templates, env files, secrets and configs. */
import { access, constants } from 'node:fs/promises';
import { resolveTemplate, type Lookup } from '../domain/interpolate.ts';
import type { Problem } from '../domain/problem.ts';
import type { Location, ServiceSpec, StackSpec, Template } from '../domain/stack.ts';
import { openEnvironment, type Given } from './environment.ts';

/** @returns every problem at once. Values are looked at and forgotten; none is in a message. */
export const checkVariables = async (spec: StackSpec, given: Given): Promise<Problem[]> => {
  const { lookup, problems } = await openEnvironment(
    given,
    spec.envFiles.map((path) => ({ path, required: true })),
  );
  const found = await Promise.all([
    ...spec.services.map(async (service) => await checkService(service, lookup)),
    ...Object.entries({ ...spec.secrets, ...spec.configs }).map(async ([key, source]): Promise<Problem[]> => {
      switch (source.from) {
        case 'file':
          return await checkFile(source.path, `The content of "${key}"`, source.at);
        case 'environment':
          return lookup(source.variable) === undefined
            ? [
                error(
                  'variable-unset',
                  `"${key}" comes from the variable ${source.variable}, which is not set.`,
                  source.at,
                  source.variable,
                ),
              ]
            : [];
        case 'content':
          return checkTemplate(source.content, lookup, source.at);
        case 'external':
          return [];
      }
    }),
    ...spec.files.map(async ({ source, content, at }): Promise<Problem[]> =>
      source === undefined
        ? checkTemplate(content ?? '', lookup, at)
        : await checkFile(source, 'The source', at),
    ),
  ]);
  return distinct([...problems, ...found.flat()]);
};

const checkService = async (service: ServiceSpec, lookup: Lookup): Promise<Problem[]> => {
  const templates: Template[] = [
    ...Object.values(service.environment).flatMap((value) => value ?? []),
    ...Object.values(service.labels),
    ...(service.entrypoint ?? []),
    ...(service.command ?? []),
    ...((service.healthcheck !== 'disabled' && service.healthcheck?.test) || []),
  ];
  const files = await Promise.all(
    service.envFiles
      .filter(({ required }) => required)
      .map(async ({ path, at }) => await checkFile(path, 'The env file', at)),
  );
  return [...templates.flatMap((template) => checkTemplate(template, lookup, service.at)), ...files.flat()];
};

const checkTemplate = (template: Template, lookup: Lookup, at: Location): Problem[] => {
  const result = resolveTemplate(template, lookup);
  if (!result.ok) return [error('variable-required', `${result.message}.`, at, result.variable)];
  return result.missing.map((name) => ({
    severity: 'warning',
    code: 'variable-unset',
    message: `Variable ${name} is not set; it becomes empty.`,
    at,
  }));
};

const checkFile = async (path: string, what: string, at: Location): Promise<Problem[]> =>
  await access(path, constants.R_OK).then(
    () => [],
    () => [error('file-missing', `${what} is the file ${path}, which cannot be read.`, at)],
  );

const error = (code: string, message: string, at: Location, variable?: string): Problem => ({
  severity: 'error',
  code,
  message,
  at,
  ...(variable === undefined
    ? {}
    : {
        next: `Set ${variable} in the environment of the worker, in .env beside the file, or with --set ${variable}=….`,
      }),
});

const distinct = (problems: Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values(),
];
