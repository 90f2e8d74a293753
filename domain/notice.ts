/**
 * Notices: a question told to people where they are. Each service has its own words for the same thing; what is sent is made
 * here, as data, from the published interface of each (named beside it).
 */
import { isUrgent, type BatonEvent, type EventKind } from './event.ts';
import type { AnswerKind } from './gate.ts';
import { ticketHeader } from './ticket.ts';
import { commandText } from './commands.ts';
import { cut, firstOf, fitting } from './lines.ts';
import type { Announced } from './operation.ts';
import type { AnyPlan } from './action.ts';
import type { DataPlan } from './data.ts';
import type { EcosystemPlan } from './ecosystem.ts';
import { changingActions, isNoop } from './plan.ts';
import type { Window } from './window.ts';

/** An operation that waits for an approval. */
export type Question = Announced & {
  workflowId: string;
  runId: string;
  plan: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
  /** What it would do. */
  lines: string[];
};

/** What a plan would do, in a few short lines that fit a phone and every service's limit. */
export const questionLines = (plan: AnyPlan): string[] => {
  if (plan.kind === 'playbook') return firstOf(plan.lines, 8);
  if (plan.kind === 'ecosystem') return ecosystemLines(plan);
  const risks = firstOf(unprotected(plan.data), 4);
  if (plan.kind === 'guard') {
    const { title, command, edits = [], restore = [] } = plan;
    const does = [
      ...(command
        ? [`runs ${commandText(command)}${command.user === undefined ? '' : ` as ${command.user}`}`]
        : []),
      ...edits.map(({ file }) => `edits ${file}`),
      ...restore.map(({ path, snapshot }) => `puts ${path} back from ${snapshot}`),
    ];
    return [...firstOf([title], 1), ...firstOf(does, 6), ...risks];
  }
  const exchanged = plan.restore.map(({ path, snapshot }) =>
    snapshot === undefined ? `empties ${path}` : `puts ${path} back from ${snapshot}`,
  );
  const changes = plan.services
    .filter(({ action }) => action !== 'keep')
    .map(
      ({ service, action, reasons }) =>
        `${service}: ${action}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`,
    );
  return [...firstOf(changes, 6), ...firstOf(exchanged, 4), ...risks];
};

/** Whose services change, a stack a line. */
const ecosystemLines = ({ phases }: EcosystemPlan): string[] => {
  const plans = phases.flatMap((phase) => phase.plans).filter((plan) => !isNoop(plan));
  const changes = plans.map(({ stack, services }) => {
    const counts = changingActions.flatMap((action) => {
      const count = services.filter((service) => service.action === action).length;
      return count > 0 ? [`${count} to ${action}`] : [];
    });
    return `${stack}: ${counts.length > 0 ? counts.join(', ') : 'no service changes'}`;
  });
  return [
    ...firstOf(changes, 8),
    ...firstOf(
      plans.flatMap(({ data }) => unprotected(data)),
      4,
    ),
  ];
};

const unprotected = (data: readonly Pick<DataPlan, 'path' | 'driver'>[]): string[] =>
  data.filter(({ driver }) => driver === undefined).map(({ path }) => `${path}: NOT protected`);

export type Notice = {
  about: EventKind | 'digest';
  /** It is worth waking somebody. */
  urgent: boolean;
  title: string;
  lines: string[];
  /** The plan and the time: what must not be cut off. */
  end: string;
  /** Where it can be looked at and answered; absent without a door. */
  link?: string;
  /** What a button sends, where a service can send for itself. */
  buttons: { answer: AnswerKind; url: string; ticket: string }[];
};

/** Where to send to. Texts are resolved already and may be secret. */
export type Channel = {
  name: string;
  /** Who reads it: whose answers come back from there. */
  person: string;
  /** What is told there. */
  events: EventKind[];
  /** When nobody wants to hear of what can wait. */
  quiet?: Window;
} & (
  | { service: 'ntfy'; url: string; token?: string }
  | { service: 'gotify'; url: string; token: string }
  | { service: 'discord' | 'slack' | 'webhook'; url: string }
  | { service: 'telegram'; token: string; chat: string; url?: string }
  | { service: 'matrix'; url: string; room: string; token: string }
  | { service: 'apprise'; url: string }
  | ({ service: 'email' } & Mailbox)
);

export type Mailbox = {
  host: string;
  port: number;
  /** `starttls`: begun in plain text, and refused where the server does not offer more. */
  tls: 'starttls' | 'implicit' | 'none';
  login?: { user: string; password: string };
  /** Addresses alone, without names. */
  from: string;
  to: string[];
};

/** One request, over HTTP. */
export type Sending = {
  method: 'POST' | 'PUT';
  url: string;
  headers: Record<string, string>;
  body: unknown;
};

const buttonTitles: Record<AnswerKind, string> = {
  approve: 'Approve',
  reject: 'Reject',
  defer: 'Later',
  start: 'Start now',
  comment: 'Comment',
};

/** Short names of emoji, as ntfy knows them: https://docs.ntfy.sh/emojis/ */
const marks: Record<Notice['about'], string> = {
  question: 'vertical_traffic_light',
  failed: 'leftwards_arrow_with_hook',
  refused: 'no_entry',
  held: 'raised_hand',
  'needs-human': 'rotating_light',
  done: 'white_check_mark',
  unreachable: 'electric_plug',
  report: 'sunrise',
  digest: 'newspaper',
};

/** @param id names this notice among all: a service that can tell a repetition by it does. */
export const sendingOf = (
  channel: Exclude<Channel, { service: 'apprise' | 'email' }>,
  notice: Notice,
  id: string,
): Sending => {
  const { title, link } = notice;
  const text = textOf(notice);
  // Some services refuse a whole message for an address that only a home network knows.
  const shown = link !== undefined && isPublic(link) ? link : undefined;
  const beside = shown === undefined && link !== undefined ? `\n${link}` : '';
  switch (channel.service) {
    case 'ntfy': {
      const { origin, pathname } = new URL(channel.url);
      const [, path = '', topic = ''] = /^(.*)\/([^/]+)\/*$/.exec(pathname) ?? [];
      return post(`${origin}${path}/`, bearer(channel.token), {
        topic,
        title,
        message: text,
        tags: [marks[notice.about]],
        ...(notice.urgent ? { priority: 5 } : {}),
        ...(link === undefined ? {} : { click: link }),
        actions: actionsOf(notice),
      });
    }
    case 'gotify':
      return post(
        `${trimmed(channel.url)}/message`,
        { 'X-Gotify-Key': channel.token },
        {
          title,
          message: link === undefined ? text : `${text}\n${link}`,
          priority: notice.urgent ? 8 : 5,
          ...(link === undefined ? {} : { extras: { 'client::notification': { click: { url: link } } } }),
        },
      );
    case 'discord':
      return post(
        channel.url,
        {},
        {
          allowed_mentions: { parse: [] },
          embeds: [
            {
              title: cut(escaped(title, /[\\*_~`|>#[\]()]/g), 256),
              description: `${escaped(text, /[\\*_~`|>#[\]()]/g)}${beside}`,
              ...(shown === undefined ? {} : { url: shown }),
            },
          ],
        },
      );
    case 'slack': {
      const safe = [title, text]
        .join('\n')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;');
      const opens = link === undefined ? '' : `\n<${link}|Open>`;
      return post(
        channel.url,
        {},
        {
          text: safe,
          blocks: [{ type: 'section', text: { type: 'mrkdwn', text: `${safe}${opens}`, verbatim: true } }],
        },
      );
    }
    case 'telegram':
      return post(
        `${trimmed(channel.url ?? 'https://api.telegram.org')}/bot${channel.token}/sendMessage`,
        {},
        {
          chat_id: channel.chat,
          text: `${title}\n${text}${beside}`,
          ...(shown === undefined
            ? {}
            : { reply_markup: { inline_keyboard: [[{ text: 'Open', url: shown }]] } }),
        },
      );
    case 'matrix':
      return {
        ...post(
          `${trimmed(channel.url)}/_matrix/client/v3/rooms/${encodeURIComponent(channel.room)}/send/m.room.message/${encodeURIComponent(id)}`,
          bearer(channel.token),
          { msgtype: 'm.text', body: [title, text, ...(link === undefined ? [] : [link])].join('\n') },
        ),
        method: 'PUT',
      };
    case 'webhook':
      return post(
        channel.url,
        { 'Idempotency-Key': id },
        { id, title, lines: [...notice.lines, notice.end], ...(link === undefined ? {} : { link }) },
      );
  }
};

/** One event, or what has come together. */
export const eventNotice = (events: readonly BatonEvent[]): Omit<Notice, 'link'> => {
  const [first] = events;
  const urgent = events.some(isUrgent);
  if (first && events.length === 1) {
    const { kind, title, lines, end } = first;
    return { about: kind, urgent, title, lines, end, buttons: [] };
  }
  const host = first?.host ?? '';
  return {
    about: 'digest',
    urgent,
    title: `${events.length} notices from ${host}`,
    lines: fitting(events.map(digestLine), digestCharacters),
    end: `The first of ${first?.at ?? ''}.`,
    buttons: [],
  };
};

/** Slack takes 3,000 characters, the others more; some marks are escaped, which makes them longer. */
const digestCharacters = 2_000;

const digestLine = ({ at, title, lines: [line] }: BatonEvent): string =>
  `${shortTime(at)} ${title}${line === undefined ? '' : ` — ${cut(line, 80)}`}`;

/** `11-26 02:30`: year and seconds say nothing in a digest. UTC, as `at` is. */
const shortTime = (at: string): string => at.slice(5, 16).replace('T', ' ');

/** All but the title and the link. */
export const textOf = ({ lines, end }: Notice): string => [...lines, end].join('\n');

const escaped = (text: string, marks: RegExp): string => text.replace(marks, '\\$&');

const isPublic = (link: string): boolean => new URL(link).hostname.includes('.');

/** A link opens the page, and a button there answers; ntfy's own buttons answer at once. It shows three at most. */
const actionsOf = ({ link, buttons }: Notice): unknown[] => [
  ...(link === undefined ? [] : [{ action: 'view', label: 'Open', url: link }]),
  ...buttons.slice(0, 2).map(({ answer, url, ticket }) => ({
    action: 'http',
    label: buttonTitles[answer],
    url,
    method: 'POST',
    headers: { [ticketHeader]: ticket, 'Content-Type': 'application/json' },
    body: '{}',
    clear: true,
  })),
];

const post = (url: string, headers: Record<string, string>, body: unknown): Sending => ({
  method: 'POST',
  url,
  headers,
  body,
});

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

const trimmed = (url: string): string => url.replace(/\/+$/, '');
