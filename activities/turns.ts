/** Works on one thing (`key`) begin in the order in which they were asked for, each when the one before has ended. */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const takingTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const mine = Promise.allSettled([last.get(key)]).then(work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
};
