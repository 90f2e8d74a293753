/** Content addresses: the same content gives the same id, whatever the order of its keys. */
import { createHash, createHmac } from 'node:crypto';

/** JSON with sorted keys, without `undefined` and without source locations (`at`). */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'at' && isLocation(inner)) return undefined;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });

/** A service or a label may be called "at" too. */
const isLocation = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'line' in value && 'column' in value;

/** The first 12 hex digits of the SHA-256 of `value` in canonical JSON. */
export const contentHash = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12);

/** 16 hex digits of an HMAC-SHA-256: tells values apart, and nothing about them to who lacks the key. */
export const keyedHash = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex').slice(0, 16);

/** Of bytes as they are, in hex. */
export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
