/** A reporter of `node --test`: the files in which all passed, a line each. One that crashes or hangs has no summary. */
import type { TestEvent } from 'node:test/reporters';

export default async function* passedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events)
    if (type === 'test:summary' && data.file !== undefined && data.success) yield `${data.file}\n`;
}
