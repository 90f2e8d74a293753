import { describeDeploys } from './deploys.ts';

describeDeploys('podman', 'ext4');
