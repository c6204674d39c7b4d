// A scanner is a keyboard whose burst of characters, and Enter, go to whatever has the focus. What it reads must press no
// button, answer no dialog and stand in no field that is not meant.

import { isEditing } from './dom.js';

/** Between two keys of one scan; fingers are slower. */
const FAST_MS = 60;
/** So many keys of one burst so fast are no fingers. */
const FAST_MIN = 8;
/** A scanner does not pause so long: what was typed before is no part of what it reads. */
export const BURST_MS = 400;
/** What stands in every ticket's code and in nothing that a person types. */
export const OF_CODES = '~';
const TEXT_MAX = 200;
/** Hear that something was scanned while a dialog was open. @type {Set<() => void>} */
const inDialog = new Set();

/** @param {() => void} listener @returns {() => void} ends it */
export function onScanInDialog(listener) {
  inDialog.add(listener);
  return () => inDialog.delete(listener);
}

/** Whether a key came so soon after the one before that no finger has pressed it. @param {number} since ms */
export const isFast = (since) => since <= FAST_MS;

/**
 * Takes scans away from buttons, dialogs and fields; the `own` field reads them itself.
 * @param {string} own where scans belong on this page; '': nowhere
 * @param {(text: string) => void} onScan what was read elsewhere, while no dialog is open
 */
export function listenScans(own, onScan) {
  let burst = '';
  let fast = 0;
  /** Whether its first key went into a field: a digit that chooses may have gone on to one. */
  let began = false;
  let at = 0;
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Shift') return;
    const since = event.timeStamp - at;
    at = event.timeStamp;
    if (since > BURST_MS || event.repeat || event.ctrlKey || event.altKey || event.metaKey) [burst, fast] = ['', 0];
    const field = /** @type {any} */ (event.target);
    const inField = isEditing(event);
    const isScan = burst.includes(OF_CODES) || (fast >= FAST_MIN && !(inField && began));
    if (event.key.length === 1) {
      if (!burst) began = inField;
      burst = (burst + event.key).slice(-TEXT_MAX);
      // A scanner by radio stops for a moment and goes on.
      fast = isFast(since) ? fast + 1 : Math.max(fast, 1);
      // The space of a code presses a button, too.
      if (event.key === ' ' && !inField && fast > 1) event.preventDefault();
      return;
    }
    const text = burst;
    [burst, fast] = ['', 0];
    if (event.key !== 'Enter' || !isScan || (own && field.matches(own))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (inField && field.value.endsWith(text)) {
      field.value = field.value.slice(0, -text.length);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    if (document.querySelector('dialog[open]')) Array.from(inDialog).forEach((hear) => hear());
    else onScan(text);
  }, true);
}
