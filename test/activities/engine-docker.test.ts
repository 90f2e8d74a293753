import { connectEngine } from '../../activities/engines/connect.ts';
import { needed } from '../host/environment.ts';
import { describeEngine } from './engine-contract.ts';
import { describeInside } from './engine-inside.ts';

const socket = needed('BATON_TEST_DOCKER_SOCKET');
describeEngine('docker', 'docker', async () => await connectEngine({ kind: 'docker', socket }));
describeInside('docker', socket);
