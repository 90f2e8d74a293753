/** Times as a report tells them: in the time zone of the host, short. */

/** Each takes ms since the epoch. */
export type Clock = {
  /** `02:14`. */
  time: (at: number) => string;
  /** `Thu 02:14`. */
  moment: (at: number) => string;
  /** `Thu 26 Nov`. */
  day: (at: number) => string;
  /** `Thu 02:14 to 02:20`, or `Thu 23:50 to Fri 00:10`; with dates where its days could be of two weeks. */
  span: (from: number, to: number) => string;
};

/** @param timeZone IANA name. */
export const clockIn = (timeZone: string): Clock => {
  const format = (options: Intl.DateTimeFormatOptions): ((at: number) => string) => {
    const words = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...options });
    return (at) => words.format(at).replaceAll(',', '');
  };
  const time = format({ hour: '2-digit', minute: '2-digit' });
  const weekday = format({ weekday: 'short' });
  const moment = (at: number): string => `${weekday(at)} ${time(at)}`;
  const day = format({ weekday: 'short', day: 'numeric', month: 'short' });
  return {
    time,
    moment,
    day,
    span: (from, to) => {
      if (to - from >= 6 * dayMs) return `${day(from)} ${time(from)} to ${day(to)} ${time(to)}`;
      return `${moment(from)} to ${day(from) === day(to) ? time(to) : moment(to)}`;
    },
  };
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `40 s`, `45 min`, `3 h`, `2 days`: as exact as a person needs it in the morning. */
export const lastedText = (ms: number): string => {
  if (ms < minuteMs) return `${Math.round(ms / 1_000)} s`;
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`;
  return ms < 2 * dayMs ? `${Math.round(ms / hourMs)} h` : `${Math.round(ms / dayMs)} days`;
};
