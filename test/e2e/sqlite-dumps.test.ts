import { describeSqliteDumps } from './sqlite-dumps.ts';

describeSqliteDumps('podman', 'btrfs', true);
