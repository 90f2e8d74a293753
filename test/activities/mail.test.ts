/** E-mail, to a server that speaks SMTP. */
import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { sendMail } from '../../activities/mail.ts';
import type { Mailbox, Notice } from '../../domain/notice.ts';
import { freePort } from '../../setup/local.ts';

type Mail = { to: string[]; text: string; secure: boolean; user: unknown };

const password = 'canary-4711';
const notice: Notice = {
  about: 'needs-human',
  urgent: true,
  title: 'deploy immich on nas needs a person',
  lines: ['/srv/data is not back – ä', '.', 'Bcc: eve@example.org'],
  end: 'baton resume immich',
  link: 'https://baton.example/#ticket',
  buttons: [],
};

describe('a notice by e-mail', () => {
  let directory: string;
  let key: string;
  let cert: string;
  const known = getCACertificates('default');
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-mail-'));
    const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    await execa('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ]);
    [key, cert] = [await readFile(keyFile, 'utf8'), await readFile(certFile, 'utf8')];
    setDefaultCACertificates([...known, cert]);
  });
  after(async () => {
    setDefaultCACertificates(known);
    await rm(directory, { recursive: true });
  });

  /** Sends to a server that takes everything, or what `options` say. @returns what it got. */
  const send = async (
    mailbox: Partial<Mailbox>,
    options: SMTPServerOptions = {},
    what = notice,
  ): Promise<Mail[]> => {
    const mails: Mail[] = [];
    const server = new SMTPServer({
      key,
      cert,
      authOptional: true,
      onAuth: ({ username, password: given }, _session, done) => {
        if (given === password) done(null, { user: username });
        else done(new Error('no'));
      },
      onData: (stream, { envelope, secure, user }, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const to = envelope.rcptTo.map(({ address }) => address);
          mails.push({ to, text: Buffer.concat(parts).toString(), secure, user });
          done();
        });
      },
      ...options,
    });
    // It tells of clients that break off.
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;
    const box: Mailbox = {
      host: 'localhost',
      port,
      tls: 'starttls',
      from: 'baton@example.org',
      to: ['anna@example.org'],
      ...mailbox,
    };
    try {
      await sendMail(box, what, 'event.1');
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    return mails;
  };
  const login = { user: 'baton', password };

  test('comes whole, over STARTTLS, with a login', async () => {
    const [mail] = await send({ login, to: ['anna@example.org', 'ben@example.org'] });
    assert.deepEqual(
      { to: mail?.to, secure: mail?.secure, user: mail?.user },
      { to: ['anna@example.org', 'ben@example.org'], secure: true, user: 'baton' },
    );
    const [head = '', body = ''] = mail?.text.split('\r\n\r\n') ?? [];
    assert.match(head, /^Subject: deploy immich on nas needs a person\r$/m);
    assert.match(head, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(head, /^Message-ID: <[0-9a-f]{32}@example\.org>\r$/m);
    assert.doesNotMatch(head, /eve@/);
    assert.match(body, /baton resume immich/);
  });

  test('comes over TLS from the start, and without any where that is asked for', async () => {
    const [implicit] = await send({ tls: 'implicit' }, { secure: true });
    assert.equal(implicit?.secure, true);
    const [plain] = await send({ tls: 'none' }, { hideSTARTTLS: true });
    assert.equal(plain?.secure, false);
  });

  test('is not sent in plain text to a server that offers no more', async () => {
    await assert.rejects(send({ login }, { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }));
  });

  test('is not sent to a server that is another one', async () => {
    setDefaultCACertificates(known);
    try {
      await assert.rejects(send({}), /cannot be reached/);
    } finally {
      setDefaultCACertificates([...known, cert]);
    }
  });

  test('has no headers but its own, whatever a title says', async () => {
    const title = 'deploy\r\nBcc: eve@example.org\r\n\r\nhello';
    const [mail] = await send({}, {}, { ...notice, title });
    assert.deepEqual(mail?.to, ['anna@example.org']);
    assert.doesNotMatch(mail.text.split('\r\n\r\n')[0] ?? '', /^Bcc:/m);
  });

  test('that is refused for good is not tried again; what passes is', async () => {
    const isFinal = (error: unknown): boolean | null | undefined =>
      error instanceof ApplicationFailure && error.nonRetryable;
    const wrong = send({ login: { ...login, password: 'canary-wrong' } });
    await assert.rejects(
      wrong,
      (error: Error) => isFinal(error) === true && !error.message.includes('canary'),
    );
    const refusing = (responseCode: number): SMTPServerOptions => ({
      onRcptTo: (_address, _session, done) => {
        done(Object.assign(new Error('no'), { responseCode }));
      },
    });
    await assert.rejects(send({}, refusing(550)), (error) => isFinal(error) === true);
    await assert.rejects(send({}, refusing(451)), (error) => isFinal(error) === false);
    const nobody = {
      ...{ host: '127.0.0.1', port: await freePort(), tls: 'none' as const },
      from: 'a@b.c',
      to: ['a@b.c'],
    };
    await assert.rejects(sendMail(nobody, notice, 'id'), /cannot be reached: E/);
  });
});
