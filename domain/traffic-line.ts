/** A line of Traefik's access log: which router it tells of. Everything that a client sent may stand in it. */

/** As Traefik names it, with its provider: `shop@docker`. */
export type TrafficName = `router ${string}` | `service ${string}`;

/** `unrouted`: no router took the request, so it was meant for no target. */
export type TrafficLine = TrafficName | 'unrouted';

/** @returns `undefined` for what Traefik does not write, or what does not tell its router. */
export const readTrafficLine = (line: string): TrafficLine | undefined =>
  line.startsWith('{') ? readJson(line) : readCommon(line);

/** Longer ones, or with other characters, are none that anybody configured. */
export const isTrafficName = (name: unknown): name is string =>
  typeof name === 'string' && /^[^\p{Cc}]{1,200}$/u.test(name);

const readJson = (line: string): TrafficLine | undefined => {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { RouterName: router, ServiceName: service } = fields;
  if (router !== undefined) return isTrafficName(router) ? `router ${router}` : undefined;
  if (service !== undefined) return isTrafficName(service) ? `service ${service}` : undefined;
  // Where a service was asked its name was left out, by `fields` of Traefik's configuration.
  const asked = fields['ServiceAddr'] ?? fields['ServiceURL'];
  return asked === undefined && 'DownstreamStatus' in fields ? 'unrouted' : undefined;
};

/** Names and addresses are short; before them stands what a client sent, with quotes as it sent them. */
const tailChars = 2_000;
/** `… 42 "shop@docker" "http://10.0.0.2:80" 3ms`: number of the request, router, server, duration. */
const tail = / (?:\d+|-) (?:"([^"]*)"|-) (?:"[^"]*"|-) \d+ms$/;

const readCommon = (line: string): TrafficLine | undefined => {
  const match = line.includes('] "') ? tail.exec(line.slice(-tailChars)) : undefined;
  if (!match) return undefined;
  const [, router = '-'] = match;
  if (router === '-') return 'unrouted';
  return isTrafficName(router) ? `router ${router}` : undefined;
};
