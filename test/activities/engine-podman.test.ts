import { connectEngine } from '../../activities/engines/connect.ts';
import { needed } from '../host/environment.ts';
import { describeEngine } from './engine-contract.ts';
import { describeInside } from './engine-inside.ts';

const socket = needed('BATON_TEST_PODMAN_SOCKET');
describeEngine('podman', 'podman', async () => await connectEngine({ kind: 'podman', socket }));
describeInside('podman', socket);
