/** What is known of remediation playbooks that people write by hand: by which words their triggers, commands and checks are told. */
import type { CleanupPart } from '../domain/cleanup.ts';
import type { TargetKind } from '../domain/target.ts';

/** What a line becomes. @property of the targets on which that makes sense. */
type Becomes<Result> = { result: Result; of: readonly TargetKind[]; note?: string };

/** The first rule that fits counts. A text: why there is nothing in Baton's form for it. */
export type Rule<Result> = [pattern: RegExp, is: string | ((match: RegExpExecArray) => Becomes<Result>)];

export type When = { incident: string } | { forecast: 'disk-full'; within: string };

const incident = (name: string, of: readonly TargetKind[], note?: string) => (): Becomes<When> => ({
  result: { incident: name },
  of,
  ...(note === undefined ? {} : { note }),
});

const services: readonly TargetKind[] = ['service'];
const filesystems: readonly TargetKind[] = ['filesystem'];
const released: readonly TargetKind[] = ['service', 'stack'];

export const triggerRules: Rule<When>[] = [
  [/^manual/, 'without `when` it is only carried out where somebody asks: baton playbook run'],
  [/\bconfidence\b/, 'a decision asks for the confidence that its level needs'],
  [
    /\bforecast_(\d+)d|days_until\w*\s*<\s*(\d+)/,
    ([, ahead, days]) => ({
      result: { forecast: 'disk-full', within: `${ahead ?? days ?? '3'}d` },
      of: filesystems,
      note: 'by Baton’s own forecast, early end of its interval',
    }),
  ],
  [/\bdrift/, incident('drift', released)],
  [/restart_count|restart loop/, incident('crash-loop', services, 'by Baton’s own count of restarts')],
  [/service_status|health_check|unhealthy/, incident('service-down', services)],
  [/\boom\b|oom_/, incident('out-of-memory', services)],
  [
    /(?:ssd|disk)\w*\s*>/,
    incident('disk-full', filesystems, 'which opens at 85 %, and is critical from 95 %'),
  ],
  [
    /swap|load_average|cpu|memory_available/,
    'Baton observes services and filesystems, not the host’s own load',
  ],
];

export type Doing = { cleanup: CleanupPart[] } | { restart: 'service' } | { deploy: 'recorded' };

const cleanup =
  (...parts: CleanupPart[]) =>
  (): Becomes<Doing> => ({ result: { cleanup: parts }, of: filesystems });

export const actionRules: Rule<Doing>[] = [
  [/apply-remediation\S*.*--playbook\s+([\w-]+)/, 'what comes next is another playbook, decided by itself'],
  [/^sleep\b/, 'a step waits until each service is healthy'],
  [/journalctl\b.*--vacuum/, cleanup('journal')],
  [/\b(?:podman|docker)\s+image\s+prune/, cleanup('images')],
  [/\b(?:podman|docker)\s+(?:builder|buildx|system)\s+prune/, cleanup('build-cache', 'images')],
  [
    /^find\s+(\S+)\s.*-delete/,
    ([, path = '']) => ({
      result: { cleanup: ['temp'] },
      of: filesystems,
      note: `once baton.yml declares it: cleanup.temp: [{ path: ${path}, older_than: … }]`,
    }),
  ],
  [/check-drift|deploy-from-pattern|regenerate/, () => ({ result: { deploy: 'recorded' }, of: released })],
  [
    /daemon-reload|systemd-analyze|\.container\b|reset-failed/,
    'a deploy of what is recorded does all of it, or nothing',
  ],
  [
    /\bsystemctl\b.*\b(?:re)?start\b|\bsystemctl\b.*\bstop\b/,
    () => ({ result: { restart: 'service' }, of: services }),
  ],
  [
    /^(?:journalctl|du|df|free|top|date|jq|cat|grep|uptime|podman (?:ps|stats|logs|inspect)|docker (?:ps|stats|logs|inspect)|systemctl\b.*\b(?:is-active|status|show|list-\S+))\b/,
    'it only looks: the report has the figures before and after, and the steps',
  ],
  [
    /\bsudo\b/,
    'it is for root, and Baton’s worker is not; nothing that Baton measures tells whether it helped',
  ],
  [/\{\{/, 'a target is never put into a command: what comes from elsewhere would become part of it'],
];

export type Holds = { measure: string; at_most?: number; falls_by?: string };

export const checkRules: Rule<Holds>[] = [
  [
    /\bservices\b.*\b(?:remain|still)\b/i,
    'every look sees every service, and one that goes down is an incident',
  ],
  [
    /(?:disk|space).*\bby at least (\d+)\s?%/i,
    ([, percent = '1']) => ({
      result: { measure: 'used-percent', falls_by: `${percent}%` },
      of: filesystems,
    }),
  ],
  [/^df\b/, () => ({ result: { measure: 'used-percent', falls_by: '1%' }, of: filesystems })],
  [/drift/i, () => ({ result: { measure: 'drift', at_most: 0 }, of: released })],
  [
    /is-active|healthcheck|\bhealth check|\bhealthy\b|service active|podman ps|systemctl\b.*\bstatus/i,
    () => ({ result: { measure: 'unhealthy', at_most: 0 }, of: released }),
  ],
];
