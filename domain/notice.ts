/**
 * Notices: a question told to people where they are. Each service has its own words for the same thing; what is sent is made
 * here, as data, from the published interface of each (named beside it).
 */
import type { AnswerKind } from './gate.ts';
import type { GuardPlan } from './guard.ts';
import type { Announced } from './operation.ts';
import type { Plan } from './plan.ts';

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

/** What a plan would do, in a few lines that fit a phone. */
export const questionLines = (plan: Plan | GuardPlan): string[] => {
  if (plan.kind === 'guard')
    return [
      plan.title,
      ...plan.data.map(({ path, driver }) => `${path}: ${driver ? 'protected' : 'NOT protected'}`),
    ];
  const changes = plan.services.filter(({ action }) => action !== 'keep');
  const more = changes.length - linesLimit;
  return [
    ...changes
      .slice(0, linesLimit)
      .map(
        ({ service, action, reasons }) =>
          `${service}: ${action}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`,
      ),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...plan.data.filter(({ driver }) => driver === undefined).map(({ path }) => `${path}: NOT protected`),
  ];
};

const linesLimit = 10;

export type Notice = {
  title: string;
  lines: string[];
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
} & (
  | { service: 'ntfy'; url: string; token?: string }
  | { service: 'gotify'; url: string; token: string }
  | { service: 'discord' | 'slack' | 'webhook'; url: string }
  | { service: 'telegram'; token: string; chat: string; url?: string }
  | { service: 'matrix'; url: string; room: string; token: string }
  | { service: 'apprise'; url: string }
);

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

/** @param id names this notice among all: a service that can tell a repetition by it does. */
export const sendingOf = (
  channel: Exclude<Channel, { service: 'apprise' }>,
  notice: Notice,
  id: string,
): Sending => {
  const { title, lines, link } = notice;
  const text = lines.join('\n');
  const whole = [title, ...lines, ...(link === undefined ? [] : [link])].join('\n');
  switch (channel.service) {
    case 'ntfy':
      return post(rootOf(channel.url), bearer(channel.token), {
        topic: topicOf(channel.url),
        title,
        message: text,
        tags: ['vertical_traffic_light'],
        ...(link === undefined ? {} : { click: link }),
        actions: actionsOf(notice),
      });
    case 'gotify':
      return post(
        `${trimmed(channel.url)}/message`,
        { 'X-Gotify-Key': channel.token },
        {
          title,
          message: text,
          priority: 5,
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
              title: cut(title, 256),
              description: cut(text, 4096),
              ...(link === undefined ? {} : { url: link }),
            },
          ],
        },
      );
    case 'slack':
      return post(
        channel.url,
        {},
        {
          text: cut(whole, 3000),
          blocks: [
            { type: 'section', text: { type: 'plain_text', text: cut([title, text].join('\n'), 3000) } },
            ...(link === undefined
              ? []
              : [
                  {
                    type: 'actions',
                    elements: [{ type: 'button', text: { type: 'plain_text', text: 'Open' }, url: link }],
                  },
                ]),
          ],
        },
      );
    case 'telegram':
      return post(
        `${trimmed(channel.url ?? 'https://api.telegram.org')}/bot${channel.token}/sendMessage`,
        {},
        {
          chat_id: channel.chat,
          text: cut([title, text].join('\n'), 4096),
          ...(link === undefined
            ? {}
            : { reply_markup: { inline_keyboard: [[{ text: 'Open', url: link }]] } }),
        },
      );
    case 'matrix':
      return {
        ...post(
          `${trimmed(channel.url)}/_matrix/client/v3/rooms/${encodeURIComponent(channel.room)}/send/m.room.message/${encodeURIComponent(id)}`,
          bearer(channel.token),
          { msgtype: 'm.text', body: whole },
        ),
        method: 'PUT',
      };
    case 'webhook':
      return post(
        channel.url,
        { 'Idempotency-Key': id },
        { id, title, lines, ...(link === undefined ? {} : { link }) },
      );
  }
};

/** A link opens the page, and a button there answers; ntfy's own buttons answer at once. It shows three at most. */
const actionsOf = ({ link, buttons }: Notice): unknown[] => [
  ...(link === undefined ? [] : [{ action: 'view', label: 'Open', url: link }]),
  ...buttons.slice(0, 2).map(({ answer, url, ticket }) => ({
    action: 'http',
    label: buttonTitles[answer],
    url,
    method: 'POST',
    headers: { Authorization: `Bearer ${ticket}`, 'Content-Type': 'application/json' },
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
const topicOf = (url: string): string => trimmed(url).split('/').at(-1) ?? '';
const rootOf = (url: string): string => trimmed(url).slice(0, -topicOf(url).length);
const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;
