import { needed } from '../host/environment.ts';
import { describeEngine } from './engine-contract.ts';

describeEngine('podman', needed('BATON_TEST_PODMAN_SOCKET'));
