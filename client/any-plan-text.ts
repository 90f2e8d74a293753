/** What an operation would do, whatever its kind. */
import type { AnyPlan } from '../domain/action.ts';
import { guardText } from './guard-text.ts';
import { planText } from './plan-text.ts';

export const anyPlanText = (plan: AnyPlan): string => {
  switch (plan.kind) {
    case 'guard':
      return guardText(plan);
    case 'playbook':
      return plan.lines.join('\n');
    case 'ecosystem':
      return plan.phases
        .flatMap(({ name, plans }) => plans.map((one) => `━━ ${name}: ${one.stack}\n${planText(one)}`))
        .join('\n\n');
    default:
      return planText(plan);
  }
};
