/** The systemd port on this host, through systemctl(1) and journalctl(1). */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parseFailedUnits, parseJournalErrors } from '../domain/systemd.ts';
import { ifThere } from './errno.ts';
import type { Systemd } from './ports/systemd.ts';
import { systemPath } from './snapshots/run.ts';

/** A journal of gigabytes on a disk that has to spin up; the look waits for twice as long. */
const patienceMs = 10_000;
/** Each has half a kilobyte. What writes more between two looks is noisy in any case. */
const mostEntries = 2_000;
/** Fields that tell whose an entry is; what it says stays in the journal. */
const fields = [
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  'UNIT',
  'USER_UNIT',
  'SYSLOG_IDENTIFIER',
  '_TRANSPORT',
].join(',');

/** @param booted is there where systemd is the first process: sd_booted(3). @param runtime `XDG_RUNTIME_DIR` of the worker's user. */
export const openSystemd = ({
  booted = '/run/systemd/system',
  runtime = process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid?.() ?? 0}`,
  path = systemPath,
} = {}): Systemd => {
  const ask = async (program: string, args: readonly string[]) =>
    await execa(program, args, {
      reject: false,
      stdin: 'ignore',
      timeout: patienceMs,
      env: { LC_ALL: 'C', PATH: path, SYSTEMD_COLORS: '0', XDG_RUNTIME_DIR: runtime },
    });
  return {
    async managers() {
      if (!(await isThere(booted))) return [];
      return (await isThere(join(runtime, 'systemd', 'private'))) ? ['system', 'user'] : ['system'];
    },
    async failedUnits(manager) {
      const answer = await ask('systemctl', [
        `--${manager}`,
        ...['list-units', '--failed', '--output=json', '--plain', '--no-legend', '--no-pager', '--full'],
      ]);
      return parseFailedUnits(demandAnswer(answer));
    },
    async journalErrors(since, now) {
      const answer = await ask('journalctl', [
        ...['--output=json', '--priority=err', '--reverse', '--no-pager', `--output-fields=${fields}`],
        ...[`--since=@${Math.floor(since / 1_000)}`, `--lines=${mostEntries}`],
      ]);
      const text = demandAnswer(answer);
      if (/not seeing messages|insufficient permissions/i.test(answer.stderr))
        throw new Error('this user may not read the whole journal: add it to the group systemd-journal');
      if (/no journal files were found/i.test(answer.stderr)) throw new Error('there are no journal files');
      return parseJournalErrors(text, { since, now, most: mostEntries });
    },
  };
};

const isThere = async (path: string): Promise<boolean> => (await ifThere(() => stat(path))) !== undefined;

type Answered = {
  exitCode?: number | undefined;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  shortMessage?: string | undefined;
};

const demandAnswer = ({ exitCode, timedOut, stdout, stderr, shortMessage }: Answered): string => {
  if (timedOut) throw new Error(`no answer within ${patienceMs / 1_000} s`);
  if (exitCode === 0) return stdout;
  throw new Error(stderr.trim().split('\n')[0] || (shortMessage ?? 'ended without an answer'));
};
