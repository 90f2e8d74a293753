/**
 * Decides what is to be done on a host, and keeps every decision before anything is begun: what cannot be written down is not done.
 * The same observation comes to the same operations, so whoever decides at the same time, or once more, begins nothing twice.
 */
import { acts } from '../domain/autonomy.ts';
import { candidateOf, type Candidate } from '../domain/circumstances.ts';
import type { Decided, Deliberation } from '../domain/decided.ts';
import { begins, decide, decideAll, decisionWithout, type Decision } from '../domain/decision.ts';
import { actionWorkflowId } from '../domain/ids.ts';
import type { Look } from '../domain/look.ts';
import { whyOutOfReach } from '../domain/measure.ts';
import type { OperationId } from '../domain/names.ts';
import { occasionsOf } from '../domain/occasion.ts';
import type { Playbook } from '../domain/playbook.ts';
import { actionsOn } from '../domain/standing-decision.ts';
import { parseTarget } from '../domain/target.ts';
import { actionRequest, questionChannels } from './action.ts';
import { beating } from './activity.ts';
import { budgetOf, dayRulesAt, gatherKnown, type Known } from './facts.ts';
import { sha256 } from './hash.ts';
import { figuresOf } from './playbook.ts';
import type { Ports } from './ports/index.ts';
import type { Entry } from './ports/records.ts';

export const decideActivities = (ports: Ports) => ({
  /** @param cycle its run: asked again for it, it tells the same once more. */
  async decide(cycle: string, look: Look): Promise<Deliberation> {
    return await beating(async () => {
      const known = await gatherKnown(ports, look);
      const before = known.decided.filter((one) => one.cycle === cycle);
      const decided = before.length > 0 ? before : await decideNow(ports, known, cycle);
      const lowered = await loweredBy(ports, known, cycle);
      const { level, problems } = known;
      const channels = await questionChannels(ports);
      const begin = decided.flatMap((one) => actionRequest(ports.host, one, known, channels) ?? []);
      return { level, decided, begin, problems, ...(lowered ? { lowered } : {}) };
    });
  },
});

/** @returns the new ones, which are kept by then. */
const decideNow = async (ports: Ports, known: Known, cycle: string): Promise<Decided[]> => {
  const candidates = await Promise.all(
    known.playbooks.flatMap((playbook) =>
      occasionsOf(playbook, known).map(
        async (occasion) => await withReach(ports, playbook, candidateOf(playbook, occasion, known)),
      ),
    ),
  );
  const judged = decideAll(candidates);
  const all: Decided[] = [];
  for (const one of judged) {
    const decision = await withinBudget(ports, one, known);
    all.push(decidedOf(ports.host, { ...one, decision }, judged, known, cycle));
  }
  const ids = new Set(known.decided.map(({ id }) => id));
  const fresh = all.filter(({ id, decision }) => !ids.has(id) && !isOld(decision));
  await (await ports.records()).write({ entries: fresh.map(entryOf) });
  return fresh;
};

/** Looked at only where something would come of it: figures are taken of the engine and the disk. */
const withReach = async (ports: Ports, playbook: Playbook, candidate: Candidate): Promise<Candidate> => {
  const { proposal, around } = candidate;
  const otherwise = decisionWithout(decide(proposal, around), ['dry-run', 'off'], around);
  const target = parseTarget(playbook.target, proposal.target);
  const falling = playbook.success.criteria.filter((criterion) => 'fallsBy' in criterion);
  if (!begins(otherwise.answer) || !target || falling.length === 0) return candidate;
  const asked = { success: { ...playbook.success, criteria: falling, tells: [] } };
  // What cannot be taken now speaks against nothing.
  const figures = await figuresOf(ports, asked, target, undefined).catch(() => []);
  const outOfReach = whyOutOfReach(falling, figures);
  return outOfReach === undefined ? candidate : { ...candidate, around: { ...around, outOfReach } };
};

/** That a decision stands is said once, by the decision itself. */
const isOld = ({ limits }: Decision): boolean => limits.some(({ rule }) => rule === 'decided');

/**
 * Takes the place of an action in the budget of its day, before the decision is kept: where the two are cut apart, a place is lost,
 * and no action too many is done.
 */
const withinBudget = async (
  ports: Ports,
  { proposal, decision }: Judged,
  known: Known,
): Promise<Decision> => {
  if (decision.answer !== 'act' && decision.answer !== 'schedule') return decision;
  const day = decision.window?.from ?? known.now;
  const places = dayRulesAt(known.preferences, day).maxActions;
  const records = await ports.records();
  if (await records.reserve(budgetOf(day), operationOf(proposal, known), places)) return decision;
  const why = 'the budget of its day is spent';
  return { answer: 'ask', limits: [{ rule: 'budget', atMost: 'ask', why }, ...decision.limits] };
};

type Judged = Candidate & { decision: Decision };

/** The n-th action on a matter has one operation, whoever decides on it. */
const operationOf = (proposal: Judged['proposal'], { decided }: Known): OperationId =>
  idOf(
    proposal.playbook,
    proposal.target,
    proposal.cause,
    actionsOn(proposal, decided).length,
  ) as OperationId;

const idOf = (...of: (string | number)[]): string => sha256(Buffer.from(JSON.stringify(of))).slice(0, 8);

const decidedOf = (
  host: string,
  { proposal, around, decision }: Judged,
  judged: readonly Judged[],
  known: Known,
  cycle: string,
): Decided => {
  const operation = operationOf(proposal, known);
  const { answer, window, limits } = decision;
  const deciding = limits.filter(({ atMost }) => atMost === answer).map(({ rule }) => rule);
  return {
    id: begins(answer) ? operation : idOf(proposal.id, answer, ...deciding),
    at: known.now,
    proposal,
    decision,
    level: known.level,
    confidence: around.confidence,
    alternatives: judged
      .filter((other) => other.proposal !== proposal && other.proposal.target === proposal.target)
      .map(({ proposal: { playbook }, decision: other }) => ({
        playbook,
        answer: other.answer,
        why: other.limits[0]?.why ?? 'nothing spoke against it',
      })),
    ...(acts(known.level.level)
      ? {}
      : { wouldHave: decisionWithout(decision, ['dry-run', 'off'], around).answer }),
    ...(begins(answer)
      ? {
          action: {
            operation,
            workflowId: actionWorkflowId(host, operation),
            ...(window ? { startsAt: window.from } : {}),
          },
        }
      : {}),
    cycle,
  };
};

export const entryOf = (body: Decided): Entry => ({
  kind: 'decision',
  id: body.id,
  at: body.at,
  about: `${body.proposal.playbook} ${body.proposal.target}`,
  body,
});

/** Told once for each level of each mandate; kept here, so that no cycle need try to tell it again. */
const loweredBy = async (
  ports: Ports,
  { mandate, earned, now }: Known,
  cycle: string,
): Promise<Deliberation['lowered']> => {
  if (!mandate || !earned) return undefined;
  const records = await ports.records();
  const id = `${mandate.since} ${earned.level}`;
  const [told] = await records.entries({ kind: 'level', id });
  if (told && (told.body as { cycle: string }).cycle !== cycle) return undefined;
  const body = { ...earned, cycle };
  await records.write({ entries: [{ kind: 'level', id, at: now, about: ports.host, body }] });
  return { mandate, cap: earned };
};
