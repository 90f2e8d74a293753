/** A plan in words: what would change, why, in which order; which data is protected and how, and which is not. */
import { isProtected, type DataPlan, type DumpPlan } from '../domain/data.ts';
import { dumpTools } from '../domain/database.ts';
import { isChanging, isNoop, type Plan, type ServicePlan } from '../domain/plan.ts';
import { formatBytes } from '../domain/size.ts';
import { sqliteText } from '../domain/sqlite.ts';

const signs = { create: '+', replace: '~', start: '▸', keep: ' ', remove: '-' } as const;

export const planText = (plan: Plan): string => {
  const blocks = [
    `Plan: ${plan.kind} ${plan.stack} on ${plan.host} (${plan.engine})${plan.previousRelease ? `, from release ${plan.previousRelease}` : ''}`,
    ...phases(plan),
    ...resources(plan),
    ...data(plan),
    summary(plan),
  ];
  return blocks.join('\n');
};

const phases = ({ services }: Plan): string[] => {
  const numbers = [...new Set(services.map(({ phase }) => phase))].sort((a, b) => a - b);
  return numbers.flatMap((number) => [
    number === 0 ? 'Removed' : `Phase ${number}`,
    ...services.filter(({ phase }) => phase === number).map(serviceLine),
  ]);
};

const serviceLine = ({ action, service, reasons, image, health, needs, order }: ServicePlan): string => {
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  const waits = needs.length > 0 ? ` · after ${needs.map((need) => need.service).join(', ')}` : '';
  const checked = action === 'keep' || action === 'remove' ? '' : ` · healthy by ${health}`;
  const how = action === 'replace' && order === 'start-first' ? ' · new one starts first' : '';
  return `  ${signs[action]} ${action.padEnd(7)} ${service}${why}  ${action === 'remove' ? '' : image.reference}${checked}${waits}${how}`;
};

const resources = ({ networks, volumes, files }: Plan): string[] => {
  const lines = [
    ...networks.map(({ name, action }) => ({ text: `network ${name}`, action })),
    ...volumes.map(({ name, action }) => ({ text: `volume ${name}`, action })),
    ...files.map(({ path, action }) => ({ text: `file ${path}`, action })),
  ].filter(({ action }) => action !== 'keep');
  return lines.length === 0
    ? []
    : [
        'Resources',
        ...lines.map(
          ({ text, action }) =>
            `  ${action === 'remove' ? '-' : action === 'write' ? '~' : '+'} ${action.padEnd(7)} ${text}`,
        ),
      ];
};

const data = ({ data: entries, restore }: Plan): string[] => {
  if (entries.length === 0 && restore.length === 0) return [];
  return [
    'Data',
    ...entries.map(dataLine),
    ...restore.flatMap(({ path, snapshot, dump }) =>
      snapshot === undefined
        ? [`  empty       ${path}; what it holds is kept as a snapshot`]
        : [
            `  put back    ${path} from ${snapshot}`,
            ...(dump ? [`              ${takenIn(`"${dump.service}"`, dump)}`] : []),
          ],
    ),
  ];
};

const dataLine = (entry: DataPlan): string => {
  const { path, driver, sizeBytes, services, notes } = entry;
  const safe = isProtected(entry) && (driver !== undefined || !entry.existed);
  const how = !safe
    ? `NOT protected (${entry.class})`
    : driver === undefined
      ? 'new'
      : entry.dump
        ? dumpText(entry.dump, sizeBytes)
        : entry.sqlite
          ? sqliteText(entry.sqlite, entry)
          : `protected by ${driver} snapshot, ${formatBytes(sizeBytes)}`;
  return `  ${path} · ${services.join(', ')} · ${how}${notes.length > 0 ? ` · ${notes.join('; ')}` : ''}`;
};

/** `dumped through pg_dump in container "bank-db-1", from 120 MiB; restored through pg_restore`. */
export const dumpText = ({ kind, container }: DumpPlan, sizeBytes: number): string =>
  `dumped through ${dumpTools[kind].dump} in container "${container.name}"${sizeBytes > 0 ? `, from ${formatBytes(sizeBytes)}` : ''}; restored through ${dumpTools[kind].restore}`;

/** @param who begins empty. */
export const takenIn = (who: string, { kind, clients }: Pick<DumpPlan, 'kind' | 'clients'>): string =>
  `${who} begins empty and takes it in through ${dumpTools[kind].restore}` +
  (clients.length === 0
    ? ''
    : `; meanwhile ${clients.join(', ')} ${clients.length === 1 ? 'is' : 'are'} stopped`);

const summary = (plan: Plan): string => {
  if (isNoop(plan)) return 'No changes: the wanted release already runs.';
  const count = (action: ServicePlan['action']): number =>
    plan.services.filter((service) => service.action === action).length;
  const kept = plan.services.filter((service) => !isChanging(service)).length;
  const restated = plan.restated
    ? ' How it is looked after is another: that is validated, and recorded.'
    : '';
  return `${count('create')} to create, ${count('replace')} to replace, ${count('start')} to start, ${count('remove')} to remove, ${kept} left alone.${restated}`;
};
