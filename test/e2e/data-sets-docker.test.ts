import { describeDataSets } from './data-sets.ts';

describeDataSets('docker');
