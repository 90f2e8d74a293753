/** Progress, for whoever watches; results go to files. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
