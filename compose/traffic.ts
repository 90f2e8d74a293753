/** `traffic:` of `baton.yml`: where Traefik tells what was asked for. */
import { z } from 'zod';
import type { TrafficSource } from '../domain/traffic.ts';
import { url } from './notify.ts';

/** The schema of the section. Both would count every request twice. */
export const trafficSection = z
  .strictObject({
    access_log: z
      .string()
      .regex(/^\/[^\p{Cc}]*$/u, { error: 'must be an absolute path' })
      .optional()
      .describe('The file that Traefik writes, as JSON or in the common format.'),
    metrics: url
      .refine((text) => !/:\/\/[^/]*@/.test(text), { error: 'must be an address without a password' })
      .optional()
      .describe('Traefik’s metrics for Prometheus, as http://127.0.0.1:8082/metrics.'),
  })
  .refine(({ access_log: log, metrics }) => (log === undefined) !== (metrics === undefined), {
    error: 'must name one of access_log and metrics',
  });

export const toTraffic = ({
  access_log: accessLog,
  metrics,
}: z.infer<typeof trafficSection>): TrafficSource =>
  accessLog === undefined ? { metrics: metrics ?? '' } : { accessLog };
