/** Every source of a look. */
import { certificates } from './certificates.ts';
import { containers } from './containers.ts';
import { degradation } from './degradation.ts';
import { disks } from './disks.ts';
import { filesystems } from './filesystems.ts';
import { hostMemory } from './host-memory.ts';
import { images } from './images.ts';
import { leaks } from './leaks.ts';
import { prometheus } from './prometheus.ts';
import { proof } from './proof.ts';
import { services } from './services.ts';
import { systemd } from './systemd.ts';
import type { Source } from './source.ts';
import { traffic } from './traffic.ts';

export const sources: Readonly<Record<string, Source>> = {
  services,
  containers,
  disks,
  certificates,
  proof,
  filesystems,
  memory: hostMemory,
  leaks,
  degradation,
  prometheus,
  systemd,
  traffic,
  images,
};
