/**
 * The running record of one operation: its steps, as the Web UI, `progressQuery` and the final report show them.
 * Everything here is deterministic; it decides nothing.
 */
import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  condition,
  sleep,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { AnswerRecord, Waiting } from '../domain/gate.ts';
import { heldEvent, type EventKind } from '../domain/event.ts';
import type { Failure, Announced, Outcome, Progress, Report, Step, StepState } from '../domain/operation.ts';
import type { AnyPlan } from '../domain/action.ts';
import type { Plan } from '../domain/plan.ts';
import { renderChecklist, renderReport } from '../domain/report.ts';
import { ownerOf, subjectOf, type Owner, type Subject } from '../domain/subject.ts';
import {
  keepSignal,
  keepUpdate,
  planQuery,
  progressQuery,
  rollBackSignal,
  rollBackUpdate,
} from './messages.ts';
import { firstStep } from '../domain/search-attributes.ts';
import { searchAttribute } from './search-attributes.ts';
import { announceEvent } from './tell-people.ts';

export class Operation {
  readonly request: Announced;
  readonly #steps: Step[] = [];
  readonly #work = new CancellationScope();
  #plan: AnyPlan | undefined;
  #report: Report | undefined;
  #pointOfNoReturn = false;
  #held: Failure | undefined;
  /** The operation was started with this one. */
  #part: string = firstStep;
  #mayBeKept = false;
  readonly #answers: AnswerRecord[] = [];
  readonly #remarks: string[] = [];
  /** What somebody wants to be told of, by `baton.yml`. */
  hears: readonly EventKind[] = [];
  /** What it waits for before it changes anything. */
  waiting: Waiting | undefined;
  /** Why someone chose to keep what failed, once someone did. */
  keepReason: string | undefined;
  /** Why someone asked to stop, once someone did. */
  stopReason: string | undefined;
  /** Title of the first step that failed: the cause. */
  failedStep: string | undefined;

  #startedAt: Date;

  /** @param startedAt of the operation, where this workflow goes on with one that another began. */
  constructor(request: Announced, startedAt: Date = workflowInfo().startTime) {
    this.request = request;
    this.#startedAt = startedAt;
    setHandler(progressQuery, () => this.#progress(), {
      description: 'Steps so far, and the report once the operation has ended.',
    });
    setHandler(planQuery, () => this.#plan, { description: 'The plan being applied.' });
    setHandler(rollBackSignal, (reason: string) => void this.#requestRollBack(reason), {
      description: 'Stop and put everything back. Argument: the reason, as text.',
    });
    setHandler(rollBackUpdate, (reason: string) => this.#requestRollBack(reason), {
      description:
        'Stop and put everything back; says whether that is still possible. Argument: the reason, as text.',
      validator: (_reason: string) => {
        if (this.#pointOfNoReturn)
          throw new Error('It is too late to stop: the release is being recorded. Use `baton undo`.');
      },
    });
  }

  /** What activities are told of this operation. */
  subject(plan: Plan): Subject {
    return subjectOf(this.request, plan, this.#startedAt);
  }

  /** It has waited, perhaps for days: what it does, and the names of its snapshots, are of now. */
  beginNow(): void {
    this.#startedAt = new Date();
  }

  get startedAt(): Date {
    return this.#startedAt;
  }

  /** Whose the snapshots are. */
  get owner(): Owner {
    return ownerOf(this.request, this.#startedAt);
  }

  get plan(): AnyPlan | undefined {
    return this.#plan;
  }

  set plan(plan: AnyPlan | undefined) {
    this.#plan = plan;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  get answers(): readonly AnswerRecord[] {
    return this.#answers;
  }

  /** For the report, whether it counted or not. */
  keepAnswer(answer: AnswerRecord): void {
    this.#answers.push(answer);
  }

  /** What the report says besides what came of the operation. */
  remark(text: string): void {
    this.#remarks.push(text);
  }

  /** The steps that will come, so that the checklist shows the way from the start. */
  announce(steps: readonly { id: string; title: string }[]): void {
    for (const { id, title } of steps) this.#steps.push({ id, title, state: 'waiting' });
    this.#show();
  }

  /** Runs work that a cancel or a roll-back request interrupts. */
  async interruptible<T>(work: () => Promise<T>): Promise<T> {
    return await this.#work.run(work);
  }

  /** Waits, in view of everybody, until `holds` or until someone asks to stop. */
  async waitFor(id: string, title: string, holds: () => boolean): Promise<void> {
    await this.step(id, title, () => condition(holds));
  }

  /** Everything stays where the failure left it until someone answers. */
  async hold(failure: Failure): Promise<void> {
    const { stack } = this.request;
    const answers = `Put everything back: baton cancel ${stack}${this.#mayBeKept ? ` · Keep it as it is: baton keep ${stack}` : ''}`;
    this.#held = failure;
    this.announce([{ id: 'hold', title: 'Hold for a person' }]);
    this.note('hold', `${failure.step}: ${failure.message} ${answers}`);
    if (this.hears.includes('held'))
      await announceEvent(heldEvent(this.request, failure, answers, workflowInfo(), Date.now()));
    // A cancel is an answer too.
    const answered = (): boolean => this.stopReason !== undefined || this.keepReason !== undefined;
    await this.waitFor('hold', 'Hold for a person', answered).catch(() => undefined);
    this.#held = undefined;
  }

  /** While it is held, a person may say that what failed is to stay as it is. */
  offerKeep(): void {
    this.#mayBeKept = true;
    const keep = (reason: string): string => {
      if (this.#held) this.keepReason ??= reason === '' ? 'kept as it is' : reason;
      return 'Everything is kept as it is.';
    };
    setHandler(keepSignal, (reason: string) => void keep(reason), {
      description:
        'To a failed command that waits for an answer: keep everything as it is. Argument: the reason, as text.',
    });
    setHandler(keepUpdate, keep, {
      description:
        'To a failed command that waits for an answer: keep everything as it is. Argument: the reason, as text.',
      validator: (_reason: string) => {
        if (!this.#held)
          throw new Error(
            'Nothing waits for an answer: the command has not failed, or was answered already.',
          );
      },
    });
  }

  /** What still runs at that time is put back, unless it is being recorded by then. @param at ms since the epoch. */
  stopAt(at: number, reason: string): void {
    void this.#work
      .run(() => sleep(Math.max(1, at - Date.now()), { summary: reason }))
      .then(() => {
        // What has failed by itself says why it failed, and not why nobody could answer any more.
        if (this.#held) this.remark(reason);
        this.#requestRollBack(reason);
      })
      .catch((error: unknown) => {
        // It was stopped before.
        if (!isCancellation(error)) throw error;
      });
  }

  /** From here on a roll-back request is refused. Throws where one has come already. */
  passPointOfNoReturn(): void {
    if (this.stopReason !== undefined) throw new CancelledFailure(this.stopReason);
    this.#pointOfNoReturn = true;
  }

  async step<T>(
    id: string,
    title: string,
    work: () => Promise<T>,
    states: { running?: StepState; done?: StepState } = {},
  ): Promise<T> {
    this.#set(id, title, { state: states.running ?? 'running', startedAt: Date.now() });
    this.#tellPart(id);
    try {
      const result = await work();
      this.#set(id, title, { state: states.done ?? 'done', endedAt: Date.now() });
      return result;
    } catch (error) {
      // What a failure elsewhere interrupted has not failed itself.
      const interrupted = isCancellation(error);
      if (!interrupted) this.failedStep ??= title;
      this.#set(id, title, { state: interrupted ? 'skipped' : 'failed', endedAt: Date.now() });
      throw error;
    }
  }

  /** Each change is an event of the history: services are one part, however many there are. */
  #tellPart(id: string): void {
    const part = id.startsWith('service-') ? 'services' : id;
    if (part === this.#part) return;
    this.#part = part;
    upsertSearchAttributes([{ key: searchAttribute.step, value: part }]);
  }

  note(id: string, note: string): void {
    this.#set(id, id, { note });
  }

  close(outcome: Outcome, rest: Partial<Report>): Report {
    const { operation, kind, stack, host } = this.request;
    for (const step of this.#steps) if (step.state === 'waiting') step.state = 'skipped';
    this.#report = {
      operation,
      kind,
      stack,
      host,
      outcome,
      startedAt: this.#startedAt.toISOString(),
      durationMs: Date.now() - workflowInfo().startTime.getTime(),
      changes: [],
      data: [],
      problems: [],
      left: [],
      ...(this.#answers.length > 0 ? { answers: this.#answers } : {}),
      ...rest,
      notes: [...this.#remarks, ...(rest.notes ?? [])],
    };
    this.waiting = undefined;
    upsertSearchAttributes([{ key: searchAttribute.outcome, value: outcome }]);
    this.#show();
    return this.#report;
  }

  #requestRollBack(reason: string): string {
    if (this.#pointOfNoReturn) return 'It is too late to stop: the release is being recorded.';
    this.stopReason ??= reason === '' ? 'asked to stop' : reason;
    this.#work.cancel();
    return 'Everything is being put back.';
  }

  #set(id: string, title: string, change: Partial<Step>): void {
    const step = this.#steps.find((candidate) => candidate.id === id);
    if (step) Object.assign(step, change);
    else this.#steps.push({ id, title, state: 'waiting', ...change });
    this.#show();
  }

  #show(): void {
    const checklist = renderChecklist(this.#steps);
    setCurrentDetails(
      this.#report ? `${renderReport(this.#report)}\n\n**Steps**\n\n${checklist}` : checklist,
    );
  }

  #progress(): Progress {
    const { operation, stack, kind, playbook } = this.request;
    return {
      operation,
      stack,
      kind,
      ...(playbook === undefined ? {} : { playbook }),
      steps: this.#steps,
      ...(this.#held ? { held: this.#held } : {}),
      ...(this.waiting ? { waiting: this.waiting } : {}),
      ...(this.#report ? { report: this.#report } : {}),
    };
  }
}
