// The plan of the department that is looked at, as it was read last: read when its part is opened, again while it is open, and
// after each change. What is changed goes out from here.

import { addDays, wall } from '../lib/clock.js';
import { Refusal } from '../lib/http.js';

/** So many days are shown, from today on. */
export const DAYS_SHOWN = 28;
/** Between two readings while the part is open, milliseconds. */
const AGAIN_MS = 20000;
/** The same while the department carries its plan out, and where it did not answer. */
const SOON_MS = 1500;
const FAILED_MS = 5000;

/**
 * What is known of the plan: `readAt` by the page's own clock, `at` by the clinic's.
 * @type {{department: string, plan: any, error: any, busy: boolean, readAt: number, at: string}}
 */
export const known = { department: '', plan: null, error: null, busy: false, readAt: 0, at: '' };
/** It was away meanwhile: what is known is read again as soon as it is back. */
let wasAway = false;

/** @param {import('../lib/page.js').Page} page @param {string} department @param {string} from @param {string} to @returns {Promise<any>} */
export const readDays = (page, department, from, to) => page.session.http('GET', `/api/v1/departments/${department}/plan?from=${from}&to=${to}`);

/** @param {import('../lib/page.js').Page} page @param {string} today of the site @returns {Promise<any>} the plan; of an earlier department nothing is kept */
export async function readPlan(page, today) {
  const { department } = known;
  Object.assign(known, { busy: true, readAt: performance.now() });
  page.draw();
  try {
    const plan = await readDays(page, department, today, addDays(today, DAYS_SHOWN - 1));
    if (known.department !== department) return null;
    const { clock } = page.protocol;
    Object.assign(known, { plan, error: null, busy: false, at: wall(clock.now(), clock.offsetMinutes).clock });
  } catch (refusal) {
    if (known.department !== department) return null;
    Object.assign(known, { error: refusal, busy: false });
  }
  page.draw();
  return known.plan;
}

/** Reads what is not known or too old. @param {import('../lib/page.js').Page} page @param {string} department @param {string} today */
export function keepReading(page, department, today) {
  if (known.department !== department) Object.assign(known, { department, plan: null, error: null, busy: false, readAt: 0, at: '' });
  if (isOffline(page)) wasAway = true;
  if (known.busy || isOffline(page)) return;
  const wait = known.error ? FAILED_MS : known.plan && known.plan.more ? SOON_MS : AGAIN_MS;
  if (wasAway || !known.readAt || performance.now() - known.readAt > wait) {
    wasAway = false;
    queueMicrotask(() => readPlan(page, today));
  } else if (wait === SOON_MS) setTimeout(page.draw, SOON_MS);
}

/** @param {import('../lib/page.js').Page} page */
export const isOffline = (page) => page.protocol.status === 'offline';

/** Sends a command; what is pressed now must not happen later. @param {import('../lib/page.js').Page} page @param {string} name @param {any} body @returns {Promise<any>} */
export async function sendNow(page, name, body) {
  if (isOffline(page)) throw new Refusal({ code: 'offline' });
  return page.protocol.command(name, body);
}

const LETTERS = 'bcdfghjkmnpqrstvwxz';
/** Two operators who make something at the same moment must not make one thing of it. */
const BY_CHANCE = 5;

/**
 * The id of a new thing of the plan: its session's ids begin with it, so it is short; nobody has it.
 * @param {string} department @param {string} stem what it is about @param {any[]} taken
 */
export function newId(department, stem, taken) {
  const start = `${department}.${stem.slice(0, 16)}`;
  for (;;) {
    const chance = Array.from(crypto.getRandomValues(new Uint8Array(BY_CHANCE)), (n) => LETTERS[n % LETTERS.length]).join('');
    const id = `${start}-${chance}`;
    if (!taken.some((one) => one.id === id)) return id;
  }
}
