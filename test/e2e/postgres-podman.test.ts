import { describePostgres } from './postgres.ts';

describePostgres('podman');
