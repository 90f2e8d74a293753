import { describeDeploys } from './deploys.ts';

describeDeploys('docker', 'xfs');
