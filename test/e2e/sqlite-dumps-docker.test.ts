import { describeSqliteDumps } from './sqlite-dumps.ts';

describeSqliteDumps('docker', 'ext4', false);
