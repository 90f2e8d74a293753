/** Tells people something where they are: whom, when, and with which links. `activities/notice.ts` sends it. */
import { nextOccurrence } from '../compose/cron.ts';
import { isUrgent, type BatonEvent } from '../domain/event.ts';
import { eventNotice, type Channel, type Notice, type Question } from '../domain/notice.ts';
import { titleOf } from '../domain/operation.ts';
import type { Settings } from '../domain/settings.ts';
import { linkMs, readingTicket, type Ticket } from '../domain/ticket.ts';
import { nextOpening } from '../domain/window.ts';
import { permanent } from './activity.ts';
import { sendNotice } from './notice.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

/** Nothing was sent: they are quiet hours, until then (ISO 8601, UTC). */
export type Quiet = { later: string };

export const notifyActivities = (ports: Ports) => ({
  /**
   * @param name of a channel of `baton.yml`.
   * @returns until when nobody wants to be asked there, if the question can wait so long.
   * @throws a permanent failure where the service says no.
   */
  async askPeople(name: string, question: Question): Promise<Quiet | undefined> {
    const { file, channels, door } = await demandSettings(ports);
    const channel = channels.find((one) => one.name === name);
    if (!channel) throw permanent('NoSuchChannel', `${file} names no "${name}" any more.`);
    const later = quietUntil(channel);
    if (later !== undefined && later < Date.parse(question.expiresAt)) return quiet(later);
    await sendNotice(
      channel,
      await questionNotice(ports, channel, question, door),
      `${question.operation}.${question.plan}.${name}.${question.expiresAt}`,
    );
    return undefined;
  },

  /** Names of the channels of `baton.yml` that are to be told. */
  async channelsFor({ kind, unreachable }: BatonEvent): Promise<string[]> {
    const { channels } = await mendedSettings(ports);
    return channels
      .filter(({ events, name }) => events.includes(kind) && name !== unreachable?.channel)
      .map(({ name }) => name);
  },

  /**
   * @param name of a channel; where `baton.yml` names it no more, nobody is told.
   * @returns until when nobody wants to hear of it there, unless one of the events is urgent.
   * @throws a permanent failure where the service says no.
   */
  async tellEvents(name: string, events: BatonEvent[]): Promise<Quiet | undefined> {
    const { channels, door } = await mendedSettings(ports);
    const channel = channels.find((one) => one.name === name);
    if (!channel) return undefined;
    const later = events.some(isUrgent) ? undefined : quietUntil(channel);
    if (later !== undefined) return quiet(later);
    const id = `${events.length}.${events[0]?.id ?? ''}.${name}`;
    await sendNotice(channel, await noticeOf(ports, channel, events, door), id);
    return undefined;
  },
});

/** When people are told of what has happened, a mistake in `baton.yml` is waited out: it has to be mended for everything else too. */
const mendedSettings = async ({ settings }: Ports): Promise<Settings> => {
  const read = await settings();
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join(' '));
  return read.settings;
};

const quiet = (until: number): Quiet => ({ later: new Date(until).toISOString() });

/** @returns when the quiet hours end that are now, in ms since the epoch. */
const quietUntil = ({ quiet: hours }: Channel): number | undefined => {
  const now = Date.now();
  const span = hours && nextOpening([hours], now, nextOccurrence);
  return span && span.from <= now ? span.to : undefined;
};

const noticeOf = async (
  { tickets }: Ports,
  { name, person, events: heard }: Channel,
  events: readonly BatonEvent[],
  door: string | undefined,
): Promise<Notice> => {
  const notice = eventNotice(events);
  const [first] = events;
  if (door === undefined || events.length > 1) return notice;
  const expires = Date.now() + linkMs;
  if (first?.report !== undefined) {
    // Who is asked there what waits may be led there from a report, too.
    const read = {
      ...readingTicket(person, name, expires),
      ...(heard.includes('question') ? { asks: true as const } : {}),
    };
    return { ...notice, link: `${door}/report#${await tickets.issue(read)}` };
  }
  if (first?.operation === undefined) return notice;
  const look = { ...first.operation, plan: '', by: person, channel: name, may: 'look', expires } as const;
  return { ...notice, link: `${door}/#${await tickets.issue(look)}` };
};

const questionNotice = async (
  { tickets }: Ports,
  { name, person }: Channel,
  question: Question,
  door: string | undefined,
): Promise<Notice> => {
  const { workflowId, runId, operation, host, plan, expiresAt, lines } = question;
  const ticket = async (may: Ticket['may']): Promise<string> =>
    await tickets.issue({
      workflowId,
      runId,
      operation,
      plan,
      by: person,
      channel: name,
      may,
      expires: Date.parse(expiresAt),
    });
  return {
    about: 'question',
    urgent: false,
    title: `${titleOf(question)} on ${host}?`,
    lines,
    end: `Plan ${plan}. Nothing is done without an approval by ${expiresAt}.`,
    ...(door === undefined ? {} : { link: `${door}/#${await ticket('look')}` }),
    buttons:
      door === undefined
        ? []
        : await Promise.all(
            (['approve', 'reject'] as const).map(async (answer) => ({
              answer,
              url: `${door}/api/answer`,
              ticket: await ticket(answer),
            })),
          ),
  };
};
