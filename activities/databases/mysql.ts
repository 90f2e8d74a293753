/** MySQL, and Percona Server, which is the same to its tools. */
import { mysqlLike } from './mysql-like.ts';

/** MySQL 5.7 has none of what follows. */
const refuseOthers = `
case "$(sql -e 'select version()')" in
  [0-7].* | *MariaDB*) echo 'It is no MySQL 8.0 or later.' >&2; exit 1 ;;
esac`;

export const mysql = mysqlLike('mysql', {
  refuseOthers,
  // Else it tells sizes of up to a day ago.
  freshSizes: 'set session information_schema_stats_expiry = 0;',
  // A server that made itself anew has a history of its own. Histograms are made anew from the rows.
  dumpOptions: '--set-gtid-purged=OFF --column-statistics',
});
