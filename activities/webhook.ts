/** Which deliveries of webhooks have led to something. */
import type { OperationId } from '../domain/names.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';

export const webhookActivities = ({ memory }: Ports) => ({
  /** @returns the operation that this delivery has led to first. */
  async noteDelivery(delivery: string, operation: OperationId): Promise<OperationId> {
    return await beating(async () => await memory.noteDelivery(delivery, operation));
  },
  /** It has led to nothing; the next try may. */
  async forgetDelivery(delivery: string, operation: OperationId): Promise<void> {
    await beating(async () => {
      await memory.forgetDelivery(delivery, operation);
    });
  },
});
