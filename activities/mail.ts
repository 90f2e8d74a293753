/** A notice as an e-mail. */
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { textOf, type Mailbox, type Notice } from '../domain/notice.ts';
import { permanent } from './activity.ts';

/** For each of: the connection, the greeting, and silence after it. Servers that look for spam let one wait for seconds. */
const patienceMs = 15_000;

/**
 * @param id names the notice among all: the same one, sent twice, has the same Message-ID.
 * @throws a permanent failure where the server says no.
 */
export const sendMail = async (
  { host, port, tls, login, from, to }: Mailbox,
  notice: Notice,
  id: string,
): Promise<void> => {
  const { title, link, urgent } = notice;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(login ? { auth: { user: login.user, pass: login.password } } : {}),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    // A notice has texts only; whatever they say, no file and no address is read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to,
      subject: title,
      text: link === undefined ? textOf(notice) : `${textOf(notice)}\n\n${link}`,
      messageId: `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${from.split('@')[1] ?? host}>`,
      // So that no holiday answers it (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
      ...(urgent ? { priority: 'high' as const } : {}),
    });
  } catch (error) {
    throw failureOf(error);
  } finally {
    transport.close();
  }
};

/** What the server says may quote the login, so only its number is told. */
const failureOf = (error: unknown): Error => {
  const { code = '', responseCode } = error as { code?: string; responseCode?: number };
  if (responseCode === undefined)
    return new Error(`The mail server cannot be reached: ${code === '' ? (error as Error).name : code}.`);
  const message = `The mail server answered ${responseCode}${code === 'EAUTH' ? ' to the login' : ''}.`;
  return responseCode >= 500 ? permanent('NotTaken', message) : new Error(message);
};
