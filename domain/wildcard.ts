/** @param pattern in which `*` stands for anything, and everything else for itself. */
export const matches = (pattern: string, text: string): boolean => {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('[^]*')}$`).test(text);
};
