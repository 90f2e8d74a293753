/** `baton report`: what needs a person, what was wrong, what was done, what comes. */
import { Argument, type Command } from 'commander';
import { execa } from 'execa';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { briefingOf, type Briefing } from '../../domain/briefing/briefing.ts';
import { briefingKinds, type BriefingKind, type Facts } from '../../domain/briefing/facts.ts';
import { htmlOf } from '../../domain/briefing/html.ts';
import { markdownOf, terminalLines } from '../../domain/briefing/markdown.ts';
import { batonFileOf } from '../../domain/host.ts';
import { linkMs, readingTicket } from '../../domain/ticket.ts';
import { openTickets } from '../../setup/ticket.ts';
import type { briefingFacts } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { openDoorSettings } from '../door-settings.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & {
  host?: string;
  open?: boolean;
  link?: boolean;
  html?: string;
  markdown?: string;
};

export const reportCommand = (command: Command): void => {
  command
    .addArgument(new Argument('[kind]', 'of what').choices(briefingKinds).default('morning'))
    .option('--html <file>', 'write it as one HTML file that needs nothing else; - for standard output')
    .option('--markdown <file>', 'write it as Markdown; - for standard output')
    .option('--open', 'show it in the browser')
    .option('--link', 'print a link to it through `baton serve`, good for a week, for reading alone')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (kind: BriefingKind, options: Options) => {
      if (options.link) {
        print(await linkOf());
        return;
      }
      const facts = await withClient(
        async (client) => await ask<typeof briefingFacts>(client, options.host, 'briefingFacts', [kind]),
      );
      await tell(briefingOf(facts), facts, options);
      if (facts.missing.length > 0) process.exitCode = exitCode.failed;
    });
  examples(command, [
    'baton report',
    'baton report night',
    'baton report weekly --open',
    'baton report monthly --html month.html',
    'baton report --markdown - | mail -s "last night" anna',
  ]);
};

/** Whoever has it can read; it answers nothing. */
const linkOf = async (): Promise<string> => {
  const host = thisHost();
  const file = batonFileOf(host);
  const { door } = await openDoorSettings(file, process.env)();
  if (door === undefined)
    throw new CommandFailure(
      exitCode.failed,
      `There is no link: ${file} has no "serve: {url: …}".`,
      'baton serve',
    );
  const ticket = readingTicket(userInfo().username, 'baton', Date.now() + linkMs);
  return `${door}/report#${await openTickets(host.stateDirectory).issue(ticket)}`;
};

const tell = async (
  briefing: Briefing,
  facts: Facts,
  { json, html, markdown, open }: Options,
): Promise<void> => {
  const page = (): string => htmlOf(briefing, facts);
  if (json) printJson({ type: 'briefing', headline: briefing.headline, needsYou: briefing.needs, ...facts });
  if (html !== undefined) await write(html, page());
  if (markdown !== undefined) await write(markdown, markdownOf(briefing));
  if (open) await show(page());
  if (!json && html === undefined && markdown === undefined)
    for (const line of terminalLines(briefing)) print(line);
};

const write = async (file: string, text: string): Promise<void> => {
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `The report could not be written: ${(error as Error).message}`);
  }
};

/** What shows a file in the browser that somebody has chosen. */
const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';

/** For the eyes of whoever types it alone: a report tells what runs on a host. */
const show = async (page: string): Promise<void> => {
  const file = join(await mkdtemp(join(tmpdir(), 'baton-report-')), 'report.html');
  await writeFile(file, page, { mode: 0o600 });
  const { failed } = await execa(opener, [file], { reject: false, stdio: 'ignore' });
  print(failed ? `${opener} could not show it. It is here: ${file}` : `Shown in the browser: ${file}`);
};
