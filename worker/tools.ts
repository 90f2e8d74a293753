/** Programs of the host that an undo cannot do without: looked for before any work is taken on, not when it is too late. */
import { ConfigFailure } from '../domain/host.ts';
import { commandExists } from '../setup/packages.ts';

/** @throws ConfigFailure with the command that installs what is missing. */
export const demandTools = async (): Promise<void> => {
  if (!(await commandExists('python3')))
    throw new ConfigFailure(
      'The worker puts data back in one step through python3, which is not here (sudo apt-get install python3).',
    );
};
