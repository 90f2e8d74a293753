import { mysqlLike } from './mysql-like.ts';

export const mariadb = mysqlLike('mariadb', { refuseOthers: '', freshSizes: '', dumpOptions: '' });
