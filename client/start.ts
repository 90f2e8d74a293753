/** What `bin/baton` runs: `main.ts`, out of a bundle of all that it needs. */
import { commandBundle, runBundle } from '../setup/command-bundle.ts';

const bundle = await commandBundle();
const { main } = bundle ? runBundle(bundle) : await import('./main.ts');
await main();
