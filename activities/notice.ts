/** Sends a notice: `domain/notice.ts` says what is sent to which service. */
import { execa, ExecaError } from 'execa';
import { sendingOf, textOf, type Channel, type Notice } from '../domain/notice.ts';
import { permanent } from './activity.ts';
import { sendMail } from './mail.ts';

/** A phone's service answers within a second, or is away. */
const patienceMs = 15_000;

/**
 * @param id names it among all.
 * @throws a permanent failure where the service says no.
 */
export const sendNotice = async (channel: Channel, notice: Notice, id: string): Promise<void> => {
  if (channel.service === 'apprise') return await sendByApprise(channel, notice);
  if (channel.service === 'email') return await sendMail(channel, notice, id);
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
