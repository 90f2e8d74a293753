/** What can go wrong at an effect. */

/** `unheard`: the effect is done, and the activity too, but the worker dies before Temporal hears of it. */
export const faultKinds = [
  'kill-before',
  'kill-after',
  'kill-unheard',
  'fails-once',
  'fails-always',
  'hangs',
  'twice',
  'disk-full',
  'engine-dies',
  'server-dies',
  'both-die',
  'cancel',
  'clock-jumps',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** One fault, at the n-th effect of a run. */
export type Fault = { kind: FaultKind; at: number };

/** What each does, for the report. */
export const faultTitles: Record<FaultKind, string> = {
  'kill-before': 'worker killed before the effect',
  'kill-after': 'worker killed after the effect',
  'kill-unheard': 'worker killed before Temporal hears of the effect',
  'fails-once': 'the call fails once',
  'fails-always': 'the call fails every time from then on',
  hangs: 'the effect happens, the call hangs past its timeout',
  twice: 'the call is delivered twice',
  'disk-full': 'the disk is full from then on',
  'engine-dies': 'the engine’s API is killed and comes back',
  'server-dies': 'the Temporal server is killed and comes back',
  'both-die': 'worker and server are killed and come back',
  cancel: 'a cancel arrives at that moment',
  'clock-jumps': 'the worker’s clock jumps an hour, on or back',
};

/** Where even the undo may be impossible, `needs-human` is an honest end. */
export const mayNeedHuman: readonly FaultKind[] = ['fails-always', 'disk-full'];
