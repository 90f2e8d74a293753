/** Images are fetched before a plan is final: only what is here tells what would run. */
import type { Plan } from '../domain/plan.ts';
import { lengthy } from './activities.ts';

export const fetchImages = async (plan: Plan): Promise<void> => {
  await Promise.all(
    plan.services.flatMap(({ service, image: { fetch, reference, exactly } }) =>
      fetch === undefined
        ? []
        : lengthy.fetchImage.executeWithOptions({ summary: `${fetch} ${exactly ?? reference}` }, [
            {
              stack: plan.stack,
              release: plan.release,
              service,
              ...(exactly === undefined ? {} : { exactly }),
            },
          ]),
    ),
  );
};
