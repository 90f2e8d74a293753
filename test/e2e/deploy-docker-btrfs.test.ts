import { describeDeploys } from './deploys.ts';

describeDeploys('docker', 'btrfs');
