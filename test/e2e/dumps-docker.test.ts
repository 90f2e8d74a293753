import { describeOtherDumps, describePostgresDumps } from './dumps.ts';

describePostgresDumps('docker');
describeOtherDumps('docker');
