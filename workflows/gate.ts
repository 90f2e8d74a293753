/**
 * The gate of an operation: people answer, its hour comes, and only then does it go on, with the plan that they have seen.
 * What counts and what does not is decided in `domain/gate.ts`.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  asksTheSame,
  deferralWindow,
  nobody,
  readAnswer,
  refusalOf,
  type Answer,
  type AnswerKind,
  type Gate,
  type Waiting,
} from '../domain/gate.ts';
import type { AuditEvent } from '../domain/audit.ts';
import { needText, needUnknown, type Need } from '../domain/need.ts';
import { titleOf, type Announced, type Report } from '../domain/operation.ts';
import { unreachableEvent } from '../domain/event.ts';
import { questionLines, type Question } from '../domain/notice.ts';
import type { Opening } from '../domain/window.ts';
import type { Work } from '../activities/gate.ts';
import { changing, reading, telling } from './activities.ts';
import { isHeldBack } from './held.ts';
import { answerSignals, answerUpdates, releasedSignal } from './messages.ts';
import type { Operation } from './operation.ts';
import { reasonOf } from './saga.ts';
import { announceEvent } from './tell-people.ts';
import { about, defer, heard } from './answers.ts';

/** A plan, by its digest, and what it has to wait for. */
export type Gated = { digest: string; gate?: Gate };

/** As many answers are kept; then only those that decide. */
const mostAnswers = 200;

export class Gatekeeper {
  readonly #operation: Operation;
  /** Answers that are in the audit log. */
  #recorded = 0;
  #hasAsked = false;
  #rejected: Answer | undefined;
  /** Somebody did not want to wait for its hour. */
  #startedByHand = false;
  /** The hold that kept it back has ended. */
  #released = false;
  /** In which it begins. */
  #opening: Opening | undefined;
  #need: Need | undefined;

  /** Hears answers from now on; before it waits for one, and after, they change nothing. */
  constructor(operation: Operation) {
    this.#operation = operation;
    for (const { kind, update } of answerUpdates)
      setHandler(update, (answer) => this.#hear(kind, answer), { description: about[kind] });
    for (const { kind, signal } of answerSignals)
      setHandler(
        signal,
        (answer) => void this.#lookedUp(kind, answer, (said, problem) => this.#take(kind, said, problem)),
        { description: about[kind] },
      );
    setHandler(
      releasedSignal,
      () => {
        this.#released = true;
      },
      { description: 'From the hold that kept it back: it has ended.' },
    );
  }

  /**
   * @param settle plans again, after it has waited.
   * @param onlyThis another plan than the first is not carried out, though nobody need approve.
   * @returns the plan that may be carried out, or how it ended without.
   */
  async pass<Plan extends Gated>(
    first: Plan,
    settle: () => Promise<Plan | Report>,
    onlyThis = false,
  ): Promise<Plan | Report> {
    let approved: string | undefined;
    for (let plan = first; ;) {
      const { gate } = plan;
      if (!gate) return plan;
      this.#hasAsked = true;
      const isApproved = gate.approvals === 0 || approved === plan.digest;
      const denial =
        (isApproved ? undefined : await this.#approval(gate, plan.digest)) ??
        (await this.#hour(gate, plan.digest));
      // Nothing is done that could not be written down who wanted it.
      await this.#record();
      if (denial !== undefined) return this.#close('not-approved', denial);
      approved = plan.digest;
      const settled = await settle();
      if ('outcome' in settled) return settled;
      const isTheSame = settled.digest === plan.digest;
      if (!isTheSame && onlyThis)
        return this.#close('refused', `Plan ${plan.digest} has become ${settled.digest} while it waited.`);
      // What nobody had to approve is done as it is planned when its hour has come, if that is not over by now.
      const mayGo = (isTheSame || gate.approvals === 0) && asksTheSame(settled.gate, gate);
      if (mayGo && (await this.#isOpen(gate))) {
        this.#begin(gate);
        return settled;
      }
      if (!isTheSame)
        this.#operation.note('approval', `plan ${plan.digest} has become ${settled.digest} meanwhile`);
      if (!asksTheSame(settled.gate, gate)) approved = undefined;
      plan = settled;
    }
  }

  #close(outcome: 'not-approved' | 'refused', why: string): Report {
    return this.#operation.close(outcome, { notes: [why, 'Nothing was changed.'] });
  }

  async #isOpen({ windows }: Gate): Promise<boolean> {
    this.#opening = undefined;
    if (this.#startedByHand || windows.length === 0) return true;
    this.#opening = await findOpening(windows, Date.now());
    return Date.parse(this.#opening.opens) <= Date.now();
  }

  #begin({ windows, stacks }: Gate): void {
    this.#operation.beginNow();
    const { closes, unwindsAt } = this.#opening ?? {};
    // An answer of an older version has no end.
    if (closes === undefined) return;
    const named = windows.join(' and ');
    this.#operation.remark(
      `It began in ${named}, until ${closes}; ${this.#need ? needText(this.#need) : needUnknown(this.#operation.request, stacks !== undefined)}.`,
    );
    if (unwindsAt !== undefined)
      this.#operation.stopAt(Date.parse(unwindsAt), `The window was over at ${unwindsAt} (${named}).`);
  }

  /** What came of it, and what was said too late, for the audit log. */
  async tellOutcome(report: Report): Promise<void> {
    if (!this.#hasAsked) return;
    const { outcome, notes } = report;
    try {
      await this.#record({ event: 'outcome', at: iso(Date.now()), what: outcome });
    } catch (error) {
      notes.push(`The audit log could not be written: ${reasonOf(error)}`);
    }
  }

  async #record(...more: Omit<AuditEvent, keyof Announced>[]): Promise<void> {
    const { operation, kind, stack, host } = this.#operation.request;
    const said = this.#operation.answers
      .map(({ answer, ticket: _ticket, ...rest }, index) => ({
        ...rest,
        what: answer,
        event: `answer-${index}`,
      }))
      .slice(this.#recorded);
    const events = [...said, ...more].map((one) => ({ operation, kind, stack, host, ...one }));
    if (events.length === 0) return;
    const summary = events.map(({ what }) => what).join(', ');
    await changing.recordDecisions.executeWithOptions({ summary }, [events]);
    this.#recorded += said.length;
  }

  /** @returns why it may not go on. */
  async #approval(gate: Gate, plan: string): Promise<string | undefined> {
    const { stack } = this.#operation.request;
    const waiting: Waiting & { for: 'approval' } = {
      for: 'approval',
      plan,
      approvals: gate.approvals,
      approvedBy: [],
      ...(gate.who ? { who: gate.who } : {}),
      expiresMs: gate.expiresMs,
      expiresAt: iso(Date.now() + gate.expiresMs),
    };
    return await this.#wait(waiting, 'approval', 'Wait for approval', async () => {
      const isAnswered = (): boolean => waiting.approvedBy.length >= gate.approvals;
      for (;;) {
        const asking = this.#ask(gate, waiting);
        this.#operation.note('approval', `plan ${plan}, until ${waiting.expiresAt}: baton approve ${stack}`);
        await this.#until(isAnswered, () => Date.parse(waiting.deferredUntil ?? waiting.expiresAt));
        asking.cancel();
        if (isAnswered() || this.#rejected || waiting.deferredUntil === undefined) break;
        // Somebody wanted to be asked again, and now is the time.
        delete waiting.deferredUntil;
        waiting.expiresAt = iso(Date.now() + gate.expiresMs);
      }
      if (!isAnswered() && !this.#rejected)
        return `${waiting.approvedBy.length > 0 ? `Only ${waiting.approvedBy.join(', ')}` : 'Nobody'} had approved it by ${waiting.expiresAt}.`;
      if (!this.#rejected)
        this.#operation.note('approval', `plan ${plan}, by ${waiting.approvedBy.join(' and ')}`);
      return undefined;
    });
  }

  /** Asks through every channel, while it waits. One that cannot be reached holds up nothing, and is told in the report. */
  #ask({ tells }: Gate, { plan, expiresAt }: Waiting & { for: 'approval' }): CancellationScope {
    const { operation, kind, playbook, stack, host } = this.#operation.request;
    const { workflowId, runId } = workflowInfo();
    const lines = this.#operation.plan ? questionLines(this.#operation.plan) : [];
    const scope = new CancellationScope();
    for (const channel of tells)
      void scope
        .run(() =>
          this.#askThrough(channel, {
            operation,
            kind,
            ...(playbook === undefined ? {} : { playbook }),
            stack,
            host,
            workflowId,
            runId,
            plan,
            expiresAt,
            lines,
          }),
        )
        .catch(async (error: unknown) => {
          if (isCancellation(error)) return;
          this.#operation.remark(`${channel} could not be asked: ${reasonOf(error)}`);
          if (!patched('tell-unreachable')) return;
          const question = { title: `${titleOf(this.#operation.request)} on ${host}?` };
          await announceEvent(unreachableEvent(host, channel, reasonOf(error), [question], Date.now()));
        });
    return scope;
  }

  /** In quiet hours it is asked when they are over. */
  async #askThrough(channel: string, question: Question): Promise<void> {
    for (;;) {
      const quiet = await telling.askPeople.executeWithOptions({ summary: channel }, [channel, question]);
      if (!quiet) return;
      await sleep(Math.max(1, Date.parse(quiet.later) - Date.now()), {
        summary: `quiet hours of ${channel}`,
      });
    }
  }

  /** @returns why it may not go on. */
  async #hour(gate: Gate, plan: string): Promise<string | undefined> {
    const notBefore = gate.notBefore === undefined ? 0 : Date.parse(gate.notBefore);
    let opening = await this.#firstOpening(gate, Math.max(Date.now(), notBefore));
    let isReleased = false;
    while (!this.#startedByHand) {
      const isNow = Date.parse(opening.opens) <= Date.now();
      if (isNow && (isReleased || !(await this.#isHeldBack(gate)))) return undefined;
      const denial = isNow
        ? await this.#untilReleased(gate, plan)
        : await this.#untilItsHour(gate, plan, opening);
      if (denial !== undefined) return denial;
      // It is not asked again at once: the hold that it waited for may be ending still.
      isReleased = isNow;
      // Deferred, or held up: its windows may be closed by now.
      if (!this.#hasBeenStarted()) opening = await this.#firstOpening(gate, Date.now());
    }
    return undefined;
  }

  /** In which it can be done, as far as is known. */
  async #firstOpening({ windows, needsMs, stacks }: Gate, from: number): Promise<Begin> {
    if (windows.length === 0) return { opens: iso(from) };
    const { kind, stack } = this.#operation.request;
    const work = {
      kind,
      stack,
      ...(needsMs === undefined ? {} : { needsMs }),
      ...(stacks ? { stacks } : {}),
    };
    const opening = await findOpening(windows, from, work);
    this.#need = opening.need;
    return opening;
  }

  async #untilItsHour(
    { windows, who }: Gate,
    plan: string,
    { opens, closes, need }: Begin,
  ): Promise<string | undefined> {
    const { stack } = this.#operation.request;
    const waiting: Waiting & { for: 'hour' } = {
      for: 'hour',
      plan,
      startsAt: opens,
      windows,
      ...(who ? { who } : {}),
      ...(closes === undefined ? {} : { closesAt: closes }),
      ...(need ? { need } : {}),
    };
    return await this.#wait(waiting, 'hour', 'Wait for the hour', async () => {
      this.#operation.note('hour', `begins ${waiting.startsAt}; sooner: baton start ${stack}`);
      await this.#until(
        () => this.#hasBeenStarted(),
        () => Date.parse(waiting.startsAt),
      );
      return undefined;
    });
  }

  /** Whether the host is held, for what begins by itself. */
  async #isHeldBack({ notBefore, windows }: Gate): Promise<boolean> {
    const { host } = this.#operation.request;
    const beginsByItself = notBefore !== undefined || windows.length > 0;
    if (!beginsByItself || !patched('hold')) return false;
    const { workflowId, runId } = workflowInfo();
    this.#released = false;
    return await isHeldBack(host, {
      what: titleOf(this.#operation.request),
      at: iso(Date.now()),
      waits: { workflowId, runId },
    });
  }

  async #untilReleased({ who }: Gate, plan: string): Promise<string | undefined> {
    const { stack } = this.#operation.request;
    const waiting: Waiting = { for: 'release', plan, ...(who ? { who } : {}) };
    return await this.#wait(waiting, 'release', 'Wait for the release of the hold', async () => {
      this.#operation.note('release', `the host is held; all the same: baton start ${stack}`);
      await condition(() => this.#released || this.#hasBeenStarted() || this.#rejected !== undefined);
      return undefined;
    });
  }

  async #wait(
    waiting: Waiting,
    id: string,
    title: string,
    work: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    this.#operation.waiting = waiting;
    let denial: string | undefined;
    try {
      denial = await this.#operation.step(id, title, work);
    } finally {
      // What is said from here on until it waits again is too early or too late, and is told so.
      this.#operation.waiting = undefined;
    }
    if (!this.#rejected) return denial;
    const { by, text } = this.#rejected;
    return `Rejected by ${by}${text === undefined ? '' : `: ${text}`}.`;
  }

  /** `end` may move while it waits. */
  async #until(holds: () => boolean, end: () => number): Promise<void> {
    for (let due = end(); Date.now() < due && !holds() && !this.#rejected; due = end())
      await condition(() => holds() || this.#rejected !== undefined || end() !== due, due - Date.now());
  }

  #hasBeenStarted(): boolean {
    return this.#startedByHand;
  }

  #hear(kind: AnswerKind, value: unknown): string | Promise<string> {
    return this.#lookedUp(kind, value, (said, problem) => {
      const refused = this.#take(kind, said, problem);
      if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'AnswerRefused');
      return heard(kind, this.#operation.waiting);
    });
  }

  /** When the window of a deferral opens next has to be found out; everything else is heard at once. */
  #lookedUp<T>(
    kind: AnswerKind,
    value: unknown,
    hear: (said: unknown, problem?: string) => T,
  ): T | Promise<T> {
    const { waiting, answers } = this.#operation;
    const window = kind === 'defer' ? deferralWindow(value) : undefined;
    if (window === undefined || !waiting || answers.length >= mostAnswers || !patched('defer-window'))
      return hear(value);
    const from = waiting.for === 'hour' ? waiting.startsAt : iso(Date.now());
    return reading.findNextOpening
      .executeWithOptions({ summary: `when ${window} opens next` }, [window, from])
      .then(
        ({ opens }) => hear({ ...(value as object), until: opens }),
        (error: unknown) => hear(value, reasonOf(error)),
      );
  }

  /** Everything that is said is kept. @param problem why it cannot count. @returns why it changes nothing. */
  #take(kind: AnswerKind, value: unknown, problem?: string): string | undefined {
    const { waiting } = this.#operation;
    const answer = readAnswer(value);
    const at = iso(Date.now());
    if (typeof answer === 'string') {
      if (this.#operation.answers.length >= mostAnswers) return answer;
      this.#operation.keepAnswer({ by: nobody, channel: 'unknown', answer: kind, at, refused: answer });
      return answer;
    }
    const refused = problem ?? refusalOf(waiting, kind, answer, Date.now(), this.#operation.answers);
    // Noise is not kept for ever; what counts is.
    const isNoise = refused !== undefined || kind === 'comment' || kind === 'defer';
    if (isNoise && this.#operation.answers.length >= mostAnswers)
      return 'This operation has heard too many answers.';
    this.#operation.keepAnswer({
      ...answer,
      answer: kind,
      at,
      ...(refused === undefined ? {} : { refused }),
    });
    if (refused === undefined && waiting) this.#apply(waiting, kind, answer);
    return refused;
  }

  #apply(waiting: Waiting, kind: AnswerKind, answer: Answer): void {
    switch (kind) {
      case 'approve':
        if (waiting.for === 'approval') waiting.approvedBy.push(answer.by);
        return;
      case 'reject':
        this.#rejected ??= answer;
        return;
      case 'start':
        this.#startedByHand = true;
        return;
      case 'defer':
        defer(waiting, answer.until ?? '');
        return;
      case 'comment':
        return;
    }
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** When it may begin; without windows there is no end. */
type Begin = Partial<Opening> & Pick<Opening, 'opens'>;

/** @param from ms since the epoch. */
const findOpening = async (windows: string[], from: number, work?: Work): Promise<Opening> => {
  const summary = `when ${windows.join(' and ')} is open`;
  return await reading.findOpening.executeWithOptions({ summary }, [windows, iso(from), work]);
};
