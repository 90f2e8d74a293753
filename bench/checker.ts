/** The clock's other end: it asks every service from outside, through its host port, until each has answered once. */
import { readFile, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Of many ports each the less often, so that the checker takes little of the CPU that is measured. */
const askEveryMs = 10;
const askAtMostPerMs = 1;

/** Ports that are being asked. */
let asked = 0;

/** How soon the kernel asks again for the hardware address of a neighbour that did not answer (ip(7), arp(7)). */
const retransmission = '/proc/sys/net/ipv4/neigh/default/retrans_time_ms';
const quickRetransmissionMs = 20;

/**
 * A question that Docker's proxy passes on before the container's interface is up waits a whole second for the next ARP request:
 * the checker would measure itself. For all that is compared alike, the machine asks again at once.
 * @returns how to put that back.
 */
export const quickNeighbours = async (): Promise<() => Promise<void>> => {
  const before = await readFile(retransmission, 'utf8');
  await writeFile(retransmission, String(quickRetransmissionMs));
  return async () => {
    await writeFile(retransmission, before);
  };
};

/** @returns milliseconds from `began` (`performance.now()`) until the last of the ports has answered. */
export const allAnswer = async (
  ports: readonly number[],
  began: number,
  withinMs: number,
): Promise<number> => {
  const until = began + withinMs;
  const answered = await Promise.all(ports.map(async (port) => await firstAnswer(port, until)));
  return Math.max(...answered) - began;
};

/** @returns when each of the ports answered first, ms since the epoch. */
export const firstAnswers = async (ports: readonly number[], withinMs: number): Promise<number[]> => {
  const until = performance.now() + withinMs;
  return await Promise.all(
    ports.map(async (port) => performance.timeOrigin + (await firstAnswer(port, until))),
  );
};

/**
 * A question that gets lost while a port changes hands is asked again by the kernel after a second (RFC 6298); another one is
 * put after this long, so that the clock does not stop up to a second late.
 */
const askAnewMs = 100;

/** @returns when it answered, as `performance.now()` tells it. */
const firstAnswer = async (port: number, until: number): Promise<number> => {
  asked += 1;
  try {
    return await askUntilAnswer(port, until);
  } finally {
    asked -= 1;
  }
};

const askUntilAnswer = async (port: number, until: number): Promise<number> => {
  let answeredAt: number | undefined;
  const ask = async (): Promise<void> => {
    if (await answers(port)) answeredAt ??= performance.now();
  };
  for (;;) {
    await Promise.race([ask(), delay(askAnewMs)]);
    if (answeredAt !== undefined) return answeredAt;
    if (performance.now() > until) throw new Error(`Port ${port} did not answer in time.`);
    await delay(Math.max(askEveryMs, asked / askAtMostPerMs));
  }
};

/** An HTTP answer, not only a connection: a port proxy accepts before anyone listens behind it. */
const answers = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 1_000 });
    let text = '';
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.startsWith('HTTP/1.')) end(text.includes(' 200 '));
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('timeout', () => {
      end(false);
    });
    socket.once('close', () => {
      resolve(false);
    });
  });
