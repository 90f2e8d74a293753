/** Asks what standard input says, from the network namespace it is run in, and prints the answer. See probe-address.ts. */
import { text } from 'node:stream/consumers';
import { askAddress, type Answer, type Question } from './probe-address.ts';

const question = JSON.parse(await text(process.stdin)) as Question;
const answer = await askAddress(question).catch((error: unknown): Answer => ({
  healthy: false,
  answer: error instanceof Error ? error.message : String(error),
}));
process.stdout.write(JSON.stringify(answer));
