/** `baton serve` as a process of its own, and all that it prints. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until, type Site } from '../e2e/site.ts';

const baton = join(import.meta.dirname, '..', '..', 'bin', 'baton');

export class Door {
  said = '';
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** @param port where the site's baton.yml says that it is. @param more of its environment. */
  static async open(site: Site, port: number, more: Record<string, string> = {}): Promise<Door> {
    const child = spawn(baton, ['serve', '--port', String(port)], {
      env: { ...process.env, ...site.environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const door = new Door(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        door.said += chunk.toString();
      });
    await until('the door', () => door.said.includes('The door is open') || door.#hasEnded());
    if (door.#hasEnded()) throw new Error(`The door ended at once:\n${door.said}`);
    return door;
  }

  async close(): Promise<void> {
    if (this.#hasEnded()) return;
    this.#process.kill();
    await once(this.#process, 'exit');
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
