/** A question before what cannot be taken back, or what nobody else may decide. */
import { createInterface } from 'node:readline/promises';
import { CommandFailure, exitCode } from './failure.ts';

/**
 * @param unattended what to type where nobody is there to give an answer. @param no what a no means.
 * @throws CommandFailure where the answer is no, and where nobody is there to give one.
 */
export const confirm = async (
  question: string,
  { unattended, no = 'Nothing was changed.' }: { unattended: CommandFailure; no?: string },
): Promise<void> => {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw unattended;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const said = await terminal.question(`${question} [y]es, [N]o `);
    if (['y', 'yes'].includes(said.trim().toLowerCase())) return;
  } catch {
    // Ctrl-C, Ctrl-D.
  } finally {
    terminal.close();
  }
  throw new CommandFailure(exitCode.failed, no);
};

/** For what may be done without anybody there, once somebody has meant it. */
export const sayYes = (): CommandFailure =>
  new CommandFailure(
    exitCode.usage,
    'There is no terminal to ask at: say that it is meant with --yes. Nothing was changed.',
  );
