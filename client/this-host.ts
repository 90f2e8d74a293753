import { hostname, homedir } from 'node:os';
import { hostConfig, type HostConfig } from '../domain/host.ts';

/** The configuration of the machine that `baton` is typed on. */
export const thisHost = (): HostConfig => hostConfig(process.env, { hostname: hostname(), home: homedir() });
