import { needed } from '../host/environment.ts';
import { describeEngine } from './engine-contract.ts';

describeEngine('docker', needed('BATON_TEST_DOCKER_SOCKET'));
