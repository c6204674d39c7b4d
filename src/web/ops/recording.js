// A nurse reads a voice pack clip by clip: what her keys do in which state, and what the house keeps of it. What was read can be
// left and continued. Nothing that a microphone could hear is played while it listens.

import { find, isEditing } from '../lib/dom.js';
import { Refusal } from '../lib/http.js';
import { t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';
import { LONGEST_MS, Microphone } from './microphone.js';

/**
 * `at`: the clip that is shown; `wish`: the one to go to when that is kept, whether to record it at once, and what is said there;
 * `said`: advice.
 * @type {{site: string, voice: any, at: number, state: 'still'|'opening'|'listening'|'keeping', said: string, error: string,
 *   busy: string, reading: boolean, wish: {at: number, records: boolean, said: string}|null}}
 */
export const now = { site: '', voice: null, at: 0, state: 'still', said: '', error: '', busy: '', reading: false, wish: null };
export const microphone = new Microphone();
/** How often a site was left: what was begun before that does not change what is shown now. */
let left = 0;
/** The page that shows the recorder. @type {import('../lib/page.js').Page|null} */
let shownBy = null;
/** What is played. @type {HTMLAudioElement|null} */
let heard = null;

/** @param {any} one @param {any} other clips */
const isSame = (one, other) => !!one && !!other && one.language === other.language && one.clip === other.clip;
/** @param {any} clip */
export const isRecorded = (clip) => clip.recorded_ms !== null;
/** @param {string} site @param {any} clip */
const pathOf = (site, clip) => `/api/v1/voice/${site}/clip?${new URLSearchParams({ language: clip.language, clip: clip.clip })}`;

/** How many clips are to be read before the house can use them. */
export const neededLeft = () => now.voice.needed_left;
/** How many of English, once it is begun, before the house uses that too. */
export const englishLeft = () => now.voice.english_left;
/** Whether it is needed and counted: English is only once it is begun. @param {any} clip */
export const isNeeded = (clip) => clip.needed && (clip.language !== 'en' || englishLeft() > 0);

/** @param {import('../lib/page.js').Page} page @param {string} site @param {boolean} first */
export async function read(page, site, first) {
  try {
    const voice = await page.session.http('GET', `/api/v1/voice/${site}`);
    if (now.site !== site) return;
    const shown = now.voice && now.voice.clips[now.at];
    now.voice = voice;
    const isNext = (/** @type {any} */ clip) => (first || !shown ? !isRecorded(clip) : isSame(clip, shown));
    now.at = Math.max(0, voice.clips.findIndex(isNext));
  } catch (refusal) {
    now.error = wordsOf(refusal);
  }
  page.draw();
  if (first) focusRecord();
}

/** After each step the next key is the recorder's again. */
export function focusRecord() {
  const focus = () => {
    const button = find('[data-action=record_clip]');
    if (button && !document.querySelector('dialog[open]')) button.focus();
    return !!button;
  };
  if (!focus()) requestAnimationFrame(focus);
}

/** The keys work on the whole page, but in no field; space is left to whatever button has the focus. @param {KeyboardEvent} event */
function onKey(event) {
  const page = shownBy;
  if (!page || !now.voice || !now.site || !Microphone.isThere) return;
  if (isEditing(event) || event.repeat || event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
  /** @type {Object<string, () => any>} */
  const keys = { ArrowRight: () => goOn(page), ArrowLeft: () => go(page, from() - 1), ArrowDown: () => listen(page) };
  const onControl = event.target instanceof Element && !!event.target.closest('button, a, summary, input');
  if (!onControl) keys[' '] = () => press(page);
  if (now.state === 'listening' || now.state === 'opening') keys.Escape = () => throwAway(page);
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** The key that begins and ends. @param {import('../lib/page.js').Page} page */
export async function press(page) {
  if (now.state === 'listening') return finish(page);
  if (now.state === 'keeping' && now.wish) now.wish.records = true;
  if (now.state !== 'still') return;
  hush();
  const [visit, site, clip] = [left, now.site, now.voice.clips[now.at]];
  Object.assign(now, { state: 'opening', error: '', said: '', wish: null });
  page.draw();
  try {
    const listens = await microphone.start((recorded) => keep(page, visit, site, clip, recorded));
    if (listens && visit === left) now.state = 'listening';
  } catch (_refused) {
    if (visit !== left) return;
    now.state = 'still';
    now.error = t('ops.voice.no_microphone');
  }
  page.draw();
}

/** The word has been read: it is kept. @param {import('../lib/page.js').Page} page */
function finish(page) {
  now.state = 'keeping';
  microphone.stop();
  page.draw();
}

/** What is being read is not kept. @param {import('../lib/page.js').Page} page */
function throwAway(page) {
  drop();
  now.said = t('ops.voice.thrown_away');
  page.draw();
  focusRecord();
}

function drop() {
  microphone.drop();
  now.state = 'still';
}

/** Why a recording is not kept. @param {import('./microphone.js').Recorded['end']} end */
function whyNot(end) {
  if (end === 'too_long') return t('ops.voice.too_long', { s: LONGEST_MS / 1000 });
  return t(end === 'gone' ? 'ops.voice.microphone_gone' : 'ops.voice.not_heard');
}

/**
 * The clip and its site are those of the beginning: the part may have been left by now.
 * @param {import('../lib/page.js').Page} page @param {number} visit @param {string} site @param {any} clip @param {import('./microphone.js').Recorded} recorded
 */
async function keep(page, visit, site, clip, { end, file, loudness }) {
  const isHere = () => visit === left;
  if (isHere()) now.state = 'keeping';
  page.draw();
  let error = file ? '' : whyNot(end);
  if (file) {
    try {
      const kept = await page.session.http('PUT', pathOf(site, clip), undefined, { file });
      const shown = now.site === site && now.voice && now.voice.clips.find((/** @type {any} */ one) => isSame(one, clip));
      if (shown) {
        shown.recorded_ms = kept.ms;
        now.voice.needed_left = kept.needed_left;
        now.voice.english_left = kept.english_left;
      }
    } catch (refusal) {
      error = refusal.code === 'invalid_field' ? t('ops.voice.not_heard') : wordsOf(refusal);
    }
  }
  if (!isHere()) return page.draw();
  const { wish } = now;
  const said = error || !loudness || loudness === 'good' ? '' : t(`ops.voice.${loudness}`, { clip: clip.clip });
  Object.assign(now, { state: 'still', wish: null, error, said });
  page.draw();
  if (error) return;
  focusRecord();
  if (!wish) return listen(page);
  go(page, wish.at);
  now.said = said || wish.said;
  page.draw();
  if (wish.records) press(page);
}

/** Plays the clip that is shown as the screens will. @param {import('../lib/page.js').Page} page */
export async function listen(page) {
  const [visit, site, clip] = [left, now.site, now.voice.clips[now.at]];
  const isWanted = () => visit === left && now.state === 'still' && isSame(now.voice.clips[now.at], clip);
  if (!isRecorded(clip) || !isWanted()) return;
  try {
    const { wav } = await page.session.http('GET', pathOf(site, clip));
    if (!isWanted()) return;
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    hush();
    heard = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
    await heard.play();
  } catch (failed) {
    if (failed instanceof Refusal && isWanted()) now.error = wordsOf(failed);
    page.draw();
  }
}

/** What is played ends. What is still being loaded is given up before its address is: it would be looked for in vain. */
function hush() {
  if (!heard) return;
  const { src } = heard;
  heard.pause();
  heard.removeAttribute('src');
  heard.load();
  URL.revokeObjectURL(src);
  heard = null;
}

/** From where the next step goes: the last wish counts. */
const from = () => (now.state === 'keeping' && now.wish ? now.wish.at : now.at);

/** The clip after this one; after the last the first that has not been read, if there is one. */
function after() {
  const { clips } = now.voice;
  if (from() + 1 < clips.length) return from() + 1;
  const isNext = (/** @type {any} */ clip, /** @type {number} */ at) => !isRecorded(clip) && at !== now.at && at !== from();
  return clips.findIndex(isNext);
}
export const isAfter = () => after() >= 0;

/** @param {import('../lib/page.js').Page} page */
export function goOn(page) {
  const at = after();
  go(page, at, at < from() ? t('ops.voice.went_round') : '');
}

/** What is being read ends with it and is kept; while a clip is being kept, it is gone on when it is. @param {import('../lib/page.js').Page} page @param {number} at @param {string} [said] */
export function go(page, at, said = '') {
  if (at < 0 || at >= now.voice.clips.length) return;
  if (now.state === 'listening') finish(page);
  if (now.state === 'opening') drop();
  if (now.state === 'keeping') {
    now.wish = { at, records: false, said };
    focusRecord();
  }
  if (now.state !== 'still') return;
  hush();
  Object.assign(now, { at, error: '', said });
  page.draw();
  focusRecord();
}

/** @param {import('../lib/page.js').Page} page @param {'make'|'use'} what */
export async function settle(page, what) {
  if (now.busy || now.state !== 'still') return;
  const { site } = now;
  const noEnglish = what === 'use' && englishLeft() > 0 ? ` ${t('ops.voice.no_english')}` : '';
  now.busy = what;
  page.draw();
  try {
    const used = await page.session.http('POST', `/api/v1/voice/${site}/${what}`, {});
    const notSaid = used.left_out.length ? ` ${t('ops.voice.left_out', { clips: used.left_out.slice(0, 12).join(' ') })}` : '';
    page.notify(t('ops.voice.used_now') + noEnglish + notSaid, 'good');
  } catch (refusal) {
    page.notify(refusal.code === 'invalid_field' ? t(`ops.voice.cannot_${what}`) : wordsOf(refusal));
  }
  now.busy = '';
  if (now.site === site) await read(page, site, false);
}

/** @param {import('../lib/page.js').Page} page @param {string} site */
export function enter(page, site) {
  if (!shownBy) document.addEventListener('keydown', onKey);
  shownBy = page;
  if (now.site === site) return;
  letGo(site);
  read(page, site, true);
}

/** The part is left: nobody listens, and nothing is played. */
export function leaveVoice() {
  document.removeEventListener('keydown', onKey);
  shownBy = null;
  letGo('');
}

/** @param {string} site the next one */
function letGo(site) {
  left += 1;
  microphone.close();
  hush();
  Object.assign(now, { site, voice: null, at: 0, error: '', said: '', state: 'still', reading: false, wish: null });
}
