import { describeDeploys } from './deploys.ts';

describeDeploys('podman', 'btrfs');
