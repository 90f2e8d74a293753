import type { DatabaseKind } from '../../domain/database.ts';
import { mariadb } from './mariadb.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { DatabaseTool } from './tool.ts';

export const databaseTools: Record<DatabaseKind, DatabaseTool> = { postgres, mariadb, mysql, redis };
