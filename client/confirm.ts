/** A question before what cannot be taken back. */
import { createInterface } from 'node:readline/promises';
import { CommandFailure, exitCode } from './failure.ts';

/** @throws CommandFailure where the answer is no, and where nobody is there to give one. */
export const confirm = async (question: string): Promise<void> => {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new CommandFailure(
      exitCode.usage,
      'There is no terminal to ask at: say that it is meant with --yes. Nothing was changed.',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const said = await terminal.question(`${question} [y]es, [N]o `);
    if (['y', 'yes'].includes(said.trim().toLowerCase())) return;
  } catch {
    // Ctrl-C, Ctrl-D.
  } finally {
    terminal.close();
  }
  throw new CommandFailure(exitCode.failed, 'Nothing was changed.');
};
