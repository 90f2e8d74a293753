/** Errors of Temporal's client, by their names: the classes belong to its package, which activities do not import. */
const notFound = ['ScheduleNotFoundError', 'WorkflowNotFoundError'];

/** @returns `undefined` where Temporal knows of no such workflow or schedule. */
export const ifFound = async <Result>(ask: () => Promise<Result>): Promise<Result | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && notFound.includes(error.name)) return undefined;
    throw error;
  }
};
