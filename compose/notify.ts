/** `notify:` of `baton.yml`: whom to tell what, through which service, and when not. */
import { z } from 'zod';
import { defaultEvents, eventKinds } from '../domain/event.ts';
import type { Channel } from '../domain/notice.ts';
import type { Window } from '../domain/window.ts';
import type { Reader } from './reader.ts';
import { locate } from './schema.ts';
import type { Node } from './tree.ts';
import { windowKeys, windowName, type WindowReader } from './window.ts';

export const url = z.url({
  protocol: /^https?$/,
  error: 'must be an address that begins with http:// or https://',
});
const secret = z.string().min(1).describe('Write it as ${VARIABLE} of the worker’s environment.');
/** Not all that may be one (RFC 5322), but nothing that would be a header, a list or a command. */
const address = z
  .string()
  .max(254)
  .regex(/^[^\s<>()[\],;:\\"@\p{Cc}]+@[a-z0-9.-]+$/iu, { error: 'must be an address, as anna@example.org' });

const services = {
  ntfy: z.strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/[^/]+(?:\/[^?#]*)?\/[-_A-Za-z0-9]{1,64}\/?$/, {
        error: 'must be the address of a server and a topic, as https://ntfy.sh/my-topic',
      })
      .describe('Server and topic.'),
    token: secret.optional(),
  }),
  gotify: z.strictObject({ url, token: secret }),
  discord: z.strictObject({ url }),
  slack: z.strictObject({ url }),
  webhook: z.strictObject({ url }),
  telegram: z.strictObject({
    token: secret,
    chat: z.union([z.string().min(1), z.number().int()]).transform(String),
    url: url.optional(),
  }),
  matrix: z.strictObject({ url, room: z.string(), token: secret }),
  apprise: z.strictObject({
    url: secret.refine((text) => /^[a-z0-9+.-]+:\/\/[^\s,]+$/i.test(text), {
      error: 'must be one address of Apprise’s',
    }),
  }),
  email: z
    .strictObject({
      host: z.string().regex(/^[a-z0-9.:-]{1,253}$/i, { error: 'must be the name of a mail server' }),
      port: z
        .number()
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe('Default: 587, or 465 with tls: implicit.'),
      tls: z.enum(['starttls', 'implicit', 'none']).optional().describe('Default: starttls.'),
      user: z.string().min(1).optional(),
      password: secret.optional(),
      from: address,
      to: z.union([address, z.array(address).min(1).max(20)]),
    })
    .refine(({ user, password }) => (user === undefined) === (password === undefined), {
      error: 'needs both "user" and "password", or neither',
    })
    .refine(({ tls, password }) => tls !== 'none' || password === undefined, {
      error: 'would send the password for everybody to read: leave out "tls: none"',
    })
    .transform(({ user, password, to, tls = 'starttls', port, ...rest }) => ({
      ...rest,
      tls,
      port: port ?? (tls === 'implicit' ? 465 : 587),
      to: [to].flat(),
      ...(user === undefined || password === undefined ? {} : { login: { user, password } }),
    })),
};
const serviceNames = Object.keys(services) as (keyof typeof services)[];

/** The schema of one entry. */
export const channelKeys = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}]{1,60}$/u, { error: 'must be a name of 60 characters at most, on one line' }),
    person: z.string().min(1).max(100).describe('Whose answers come back from there.'),
    events: z
      .array(z.enum(eventKinds))
      .min(1)
      .optional()
      .describe(`What is told there. Default: ${defaultEvents.join(', ')}.`),
    quiet: z
      .union([windowName, windowKeys], {
        error: 'must be the name of a window, or say when it begins, as { opens: "0 22 * * *", for: 9h }',
      })
      .optional()
      .describe('When nobody wants to hear of what can wait.'),
    ...Object.fromEntries(serviceNames.map((service) => [service, services[service].optional()])),
  })
  .refine((one) => serviceNames.filter((service) => service in one).length === 1, {
    error: `needs one of ${serviceNames.join(', ')}`,
  });

type ChannelKeys = z.infer<typeof channelKeys>;

/** @param windows by their names, for quiet hours. */
export const toChannels = async (
  reader: Reader,
  all: readonly ChannelKeys[],
  root: Node,
  windows: Readonly<Record<string, Window>>,
  windowReader: WindowReader,
): Promise<Channel[]> => {
  demandDifferent(reader, all, root);
  const channels: Channel[] = [];
  for (const [index, { name, person, events, quiet, ...rest }] of all.entries()) {
    const service = serviceNames.find((one) => one in rest);
    const settings = (rest as Record<string, object>)[String(service)];
    const at = ['notify', index, 'quiet'];
    const hours =
      typeof quiet === 'object'
        ? await windowReader.read(quiet, at)
        : quiet && namedQuiet(reader, quiet, root, at, windows);
    const common = { name, person, events: events ?? [...defaultEvents], ...(hours ? { quiet: hours } : {}) };
    channels.push({ ...common, service, ...settings } as Channel);
  }
  return channels;
};

const namedQuiet = (
  reader: Reader,
  quiet: string,
  root: Node,
  at: (string | number)[],
  windows: Readonly<Record<string, Window>>,
): Window | undefined => {
  // What is written here is not quoted: a password may have come into the wrong line.
  if (!Object.hasOwn(windows, quiet))
    reader.error(
      locate(root, at),
      'baton.yml',
      `There is no window of this name; there is ${Object.keys(windows).join(', ') || 'none'}.`,
    );
  return windows[quiet];
};

const demandDifferent = (reader: Reader, channels: readonly ChannelKeys[], root: Node): void => {
  for (const [index, { name: named }] of channels.entries())
    if (channels.findIndex((other) => other.name === named) < index)
      reader.error(
        locate(root, ['notify', index, 'name']),
        'baton.yml',
        `Two places to notify have this name.`,
      );
};
