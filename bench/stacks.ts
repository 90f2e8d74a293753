/** Stacks to measure with: the same file for Baton and for its peers. Each service answers HTTP on a host port of its own. */

export type Shape = 'web5' | 'chain10' | 'fan20' | 'layers20' | 'fan100';
export type Variant = {
  shape: Shape;
  /** Seconds from start to ready. */
  readySeconds: number;
  /** The healthcheck's interval; absent: the engine's default of 30 s. */
  intervalSeconds?: number;
};

/** A service, and the services that it waits for. */
type Services = Record<string, string[]>;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const servicesOf = (shape: Shape): Services => {
  switch (shape) {
    case 'web5':
      return { db: [], cache: [], api: ['db', 'cache'], web: ['api'], proxy: ['web'] };
    case 'chain10':
      return Object.fromEntries(range(10).map((n) => [`s${n}`, n === 0 ? [] : [`s${n - 1}`]]));
    case 'fan20':
      return Object.fromEntries(range(20).map((n) => [`s${n}`, n === 0 ? [] : ['s0']]));
    case 'layers20':
      return Object.fromEntries(
        range(20).map((n) => [
          `s${n}`,
          n < 5 ? [] : range(5).map((m) => `s${(Math.floor(n / 5) - 1) * 5 + m}`),
        ]),
      );
    case 'fan100':
      return Object.fromEntries(range(100).map((n) => [`s${n}`, n === 0 ? [] : ['s0']]));
  }
};

/** The longest way through the stack, in services. */
export const longestPath = (services: Services): number => {
  const depth = (name: string): number => 1 + Math.max(0, ...(services[name] ?? []).map(depth));
  return Math.max(...Object.keys(services).map(depth));
};

/** @param firstPort service n answers at this port plus n. */
export const stackFile = (
  name: string,
  image: string,
  { shape, readySeconds, intervalSeconds }: Variant,
  firstPort: number,
  version = 1,
): string => {
  const services = Object.entries(servicesOf(shape)).map(([service, needs], index) => {
    const port = firstPort + index;
    const interval = intervalSeconds === undefined ? '' : `, interval: ${intervalSeconds}s`;
    const depends = needs.map((need) => `      ${need}: { condition: service_healthy }`);
    const own = index === 0 ? '' : `: ${version}; `;
    return `  ${service}:
    image: ${image}
    command: [sh, -c, "${own}mkdir -p /www; echo ok > /www/index.html; sleep ${readySeconds}; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    ports: ["127.0.0.1:${port}:80"]
    healthcheck: { test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"]${interval}, retries: 30 }
    x-baton: { probe: { http: ":80/" } }
${depends.length === 0 ? '' : `    depends_on:\n${depends.join('\n')}\n`}`;
  });
  return `name: ${name}\nservices:\n${services.join('')}x-baton: { min_healthy_time: 1s }\n`;
};
