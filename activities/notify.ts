/** Asks people where they are: `domain/notice.ts` says what is sent, this sends it. */
import { execa, ExecaError } from 'execa';
import { sendingOf, textOf, type Channel, type Notice, type Question } from '../domain/notice.ts';
import type { Ticket } from '../domain/ticket.ts';
import { permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

/** A phone's service answers within a second, or is away. */
const patienceMs = 15_000;

export const notifyActivities = (ports: Ports) => ({
  /** @param name of a channel of `baton.yml`. @throws a permanent failure where the service says no. */
  async askPeople(name: string, question: Question): Promise<void> {
    const { file, channels, door } = await demandSettings(ports);
    const channel = channels.find((one) => one.name === name);
    if (!channel) throw permanent('NoSuchChannel', `${file} names no "${name}" any more.`);
    await send(
      channel,
      await noticeOf(ports, channel, question, door),
      `${question.operation}.${question.plan}.${name}.${question.expiresAt}`,
    );
  },
});

const noticeOf = async (
  { tickets }: Ports,
  { name, person }: Channel,
  { workflowId, runId, operation, kind, stack, host, plan, expiresAt, lines }: Question,
  door: string | undefined,
): Promise<Notice> => {
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
    title: `${kind} ${stack} on ${host}?`,
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

const send = async (channel: Channel, notice: Notice, id: string): Promise<void> => {
  if (channel.service === 'apprise') return await sendByApprise(channel, notice);
  const { method, url, headers, body } = sendingOf(channel, notice, id);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch (error) {
    // The address may hold a secret, so only what went wrong is told.
    throw new Error(`${channel.service} cannot be reached: ${reasonOf(error)}.`);
  }
  await response.body?.cancel();
  const { status } = response;
  if (response.ok) return;
  const message = `${channel.service} answered ${status}.`;
  throw status === 408 || status === 429 || status >= 500
    ? new Error(message)
    : permanent('NotTaken', message);
};

const reasonOf = (error: unknown): string => {
  const cause = (error as { cause?: { code?: string } }).cause?.code;
  return cause ?? (error as Error).name;
};

/** Its addresses hold passwords, so they are handed over in its environment; the text comes on standard input. */
const sendByApprise = async ({ url }: Channel & { service: 'apprise' }, notice: Notice): Promise<void> => {
  const { title, link } = notice;
  try {
    await execa('apprise', [`--title=${title}`], {
      input: link === undefined ? textOf(notice) : `${textOf(notice)}\n${link}`,
      // Nobody else is told than whom `baton.yml` names.
      env: { APPRISE_URLS: url, APPRISE_CONFIG: '', APPRISE_CONFIG_PATH: '' },
      timeout: patienceMs,
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.code === 'ENOENT')
      throw permanent('NoApprise', 'The program "apprise" is not installed on this host.');
    const message = `apprise ended with ${error.exitCode ?? error.signal ?? 'an error'}.`;
    // 1: a service did not take it. More: it was not understood.
    throw (error.exitCode ?? 1) > 1 ? permanent('NotTaken', message) : new Error(message);
  }
};
