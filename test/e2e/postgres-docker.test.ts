import { describePostgres } from './postgres.ts';

describePostgres('docker');
