// The site's voice: what is used now, the computer's reading at a press, and a nurse's own, read clip by clip (`recording.js`).
// One key records and stops; arrows go on, back, and listen; Esc throws away what is being read.

import { find, h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { Microphone } from './microphone.js';
import { readingWords } from './overview.js';
import { englishLeft, enter, focusRecord, go, goOn, isAfter, isNeeded, isRecorded, listen, microphone, neededLeft, now, press, read, settle } from './recording.js';

export { leaveVoice } from './recording.js';

/** What is not read as one would think, by language and code point: no signs of a human language stand in code. @type {Object<string, string>} */
const HINTS = { 'zh/5e7a': 'ops.voice.hint_yao', 'zh/5341': 'ops.voice.hint_ten' };
/** @param {any} clip */
const hintOf = (clip) => HINTS[`${clip.language}/${Array.from(clip.clip, (/** @type {string} */ sign) => sign.charCodeAt(0).toString(16)).join('+')}`];
/** Quieter than this the bar stands at its begin. */
const LOWEST_DB = -60;

/** @param {import('../lib/page.js').Page} page @param {string} site @param {any} standing the site as the figures have it, or null */
export function voiceView(page, site, standing) {
  enter(page, site);
  const reading = standing && standing.voice;
  // What the computer was reading is there now, or is not to be.
  if (now.reading && !reading && !now.busy) read(page, site, false);
  now.reading = !!reading;
  const head = [h('h1', { key: 'h' }, t('ops.voice')), h('p', { class: 'muted', key: 'm' }, t('ops.voice.about'))];
  if (!now.voice) return [...head, now.error ? h('p', { class: 'notice alarm', role: 'alert', key: 'error' }, now.error) : null];
  return [...head, used(page, reading), recorder(page), list(page)];
}

/** @param {import('../lib/page.js').Page} page @param {any} reading how far the computer is, or null */
function used(page, reading) {
  const { voice } = now;
  // A language that the pack has none of is not spoken; of the others, what is not in it was defined later or left out.
  const spoken = voice.clips.filter((/** @type {any} */ one) => one.used_ms !== null).map((/** @type {any} */ one) => one.language);
  const lacks = voice.clips.filter((/** @type {any} */ one) => one.used_ms === null && spoken.includes(one.language) && (one.needed || one.place));
  return h('div', { class: 'card pad voice-used', key: 'used' },
    voice.damaged ? h('p', { class: 'notice alarm', role: 'alert', key: 'damaged', 'data-damaged': '' }, t('ops.voice.damaged')) : null,
    h('p', { 'data-voice': voice.used ? voice.used.made_by : 'none' }, t(voice.used ? `ops.voice.by_${voice.used.made_by}` : 'ops.voice.by_none'),
      lacks.length ? h('small', { class: 'muted', 'data-lacks': '' }, t('ops.voice.lacks', { clips: lacks.slice(0, 12).map((/** @type {any} */ one) => one.clip).join(' ') })) : null),
    voice.failed ? h('p', { class: 'notice soon', key: 'failed', 'data-voice-failed': '' }, t('ops.voice.failed', { why: voice.failed })) : null,
    reading ? h('p', { class: 'muted', key: 'reading', role: 'status', 'data-voice-reading': String(reading.all) }, readingWords(reading),
      h('progress', { max: String(reading.all), value: String(reading.done), 'aria-label': readingWords(reading) })) : null,
    voice.can_make
      ? h('button', { type: 'button', class: 'btn', 'data-action': 'make_voice', 'aria-busy': String(now.busy === 'make'), 'aria-disabled': String(now.state !== 'still'), onclick: () => settle(page, 'make') }, t('ops.voice.make'))
      : h('p', { class: 'muted', 'data-no-espeak': '' }, t('ops.voice.no_espeak')));
}

/** @param {any} clip */
const langOf = (clip) => (clip.language === 'zh' ? 'zh-CN' : 'en');

/** @param {import('../lib/page.js').Page} page */
function recorder(page) {
  const { clips } = now.voice;
  const clip = clips[now.at];
  if (!Microphone.isThere) return h('p', { class: 'notice soon', key: 'recorder' }, t('ops.voice.needs_tls'));
  const isDone = isRecorded(clip);
  const isReady = neededLeft() === 0;
  const hint = hintOf(clip);
  if (now.state === 'listening') showLevel();
  return h('section', { class: `card recorder ${now.state}`, key: 'recorder', 'data-recorder': now.state, 'aria-label': t('ops.voice.record') },
    progress(),
    h('div', { class: 'reads', 'aria-live': 'polite', key: 'reads' },
      h('span', { class: 'tongue', 'data-tongue': clip.language }, t(`ops.voice.in_${clip.language}`)),
      h('div', { class: 'read', 'data-clip': clip.clip, lang: langOf(clip) }, clip.clip),
      hint ? h('p', { class: 'hint', 'data-hint': '' }, t(hint)) : null),
    h('div', { class: 'level', 'data-level': '', 'aria-hidden': 'true', key: 'level' }, h('i', null)),
    now.error ? h('p', { class: 'notice alarm', role: 'alert', key: 'error', 'data-error': '' }, now.error) : null,
    now.said ? h('p', { class: 'notice soon', role: 'status', key: 'said', 'data-said': '' }, now.said) : null,
    // Under a fault nobody reads that all is well, be it of the recording before.
    h('p', { class: 'how', role: 'status', key: 'how' }, now.error ? null : t(now.state === 'still' ? (isDone ? 'ops.voice.recorded' : 'ops.voice.to_read') : `ops.voice.${now.state}`)),
    h('div', { class: 'buttons', key: 'keys' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'clip_before', disabled: now.at === 0, onclick: () => go(page, now.at - 1) }, t('ops.voice.before'), h('kbd', null, '←')),
      h('button', { type: 'button', class: `btn ${isReady && isDone ? '' : 'primary'}`, 'data-action': 'record_clip', 'aria-pressed': String(now.state === 'listening'), onclick: () => press(page) },
        t(now.state === 'listening' ? 'ops.voice.stop' : isDone ? 'ops.voice.again' : 'ops.voice.record'), h('kbd', null, t('ops.voice.space'))),
      h('button', { type: 'button', class: 'btn', 'data-action': 'hear_clip', disabled: !isDone || now.state !== 'still', onclick: () => {
        listen(page);
        focusRecord();
      } }, t('ops.voice.listen'), h('kbd', null, '↓')),
      h('button', { type: 'button', class: 'btn', 'data-action': 'clip_next', disabled: !isAfter(), onclick: () => goOn(page) }, t('ops.voice.next'), h('kbd', null, '→'))),
    h('p', { class: 'muted', key: 'help' }, t('ops.voice.keys')),
    h('button', {
      type: 'button', class: `btn ${isReady ? 'primary' : ''}`, key: 'use', 'data-action': 'use_voice', 'aria-busy': String(now.busy === 'use'),
      'aria-disabled': String(now.state !== 'still'), onclick: () => settle(page, 'use'),
    }, t('ops.voice.use')));
}

/** How far it is, and whether it will do. */
function progress() {
  const { clips } = now.voice;
  const done = clips.filter(isRecorded).length;
  const needed = neededLeft();
  const rest = clips.length - done;
  const english = englishLeft();
  // Of the places only in a language that is read at all.
  const isRead = (/** @type {string} */ language) => language === 'zh' || clips.some((/** @type {any} */ clip) => clip.language === language && isRecorded(clip));
  const places = clips.filter((/** @type {any} */ clip) => clip.place && !isRecorded(clip) && isRead(clip.language)).length;
  const far = t('ops.voice.progress', { done, all: clips.length });
  return h('div', { class: 'far', key: 'far' },
    h('p', { class: 'muted', 'data-progress': String(done) }, far, h('progress', { max: String(clips.length), value: String(done), 'aria-label': far })),
    h('p', { class: needed ? 'left' : 'notice', role: 'status', 'data-needed-left': String(needed) },
      needed ? t('ops.voice.needed_left', { n: needed }) : rest ? t('ops.voice.ready', { n: rest }) : t('ops.voice.all_recorded')),
    places && !needed ? h('p', { class: 'notice soon', key: 'places', role: 'status', 'data-places-left': String(places) }, t('ops.voice.places_left', { n: places })) : null,
    english ? h('p', { class: 'notice soon', key: 'english', role: 'status', 'data-english-left': String(english) }, t('ops.voice.english_left', { n: english })) : null);
}

/** The bar follows the microphone while it listens. */
function showLevel() {
  const show = () => {
    const bar = find('.recorder.listening [data-level]');
    if (!bar) {
      isShowing = false;
      return;
    }
    const level = 1 - (20 * Math.log10(Math.max(microphone.level(), 0.001))) / LOWEST_DB;
    bar.style.setProperty('--level', String(Math.max(0, Math.min(1, level))));
    requestAnimationFrame(show);
  };
  if (isShowing) return;
  isShowing = true;
  // The page is drawn after this.
  requestAnimationFrame(show);
}
let isShowing = false;

/** @param {any} clip */
const markOf = (clip) => (isRecorded(clip) ? 'is_recorded' : isNeeded(clip) ? 'needed' : 'not_yet');
/** The sign of a mark: apart by its form, and by its words for whoever does not see it. */
const SIGNS = { is_recorded: '✓', needed: '◆', not_yet: '○' };

/** @param {import('../lib/page.js').Page} page */
function list(page) {
  const chip = (/** @type {any} */ clip, /** @type {number} */ at) => {
    const mark = markOf(clip);
    return h('button', {
      type: 'button', class: `btn small ${mark}`, key: `${clip.language}/${clip.clip}`, 'data-choose-clip': `${clip.language}/${clip.clip}`, 'data-mark': mark,
      'aria-current': at === now.at ? 'true' : undefined, onclick: () => go(page, at),
    }, h('span', { lang: langOf(clip) }, clip.clip), h('i', { 'aria-hidden': 'true' }, SIGNS[mark]), h('span', { class: 'visually-hidden' }, t(`ops.voice.${mark}`)));
  };
  const group = (/** @type {string} */ name, /** @type {(clip: any) => boolean} */ is) => {
    const chips = now.voice.clips.map((/** @type {any} */ clip, /** @type {number} */ at) => (is(clip) ? chip(clip, at) : null)).filter(Boolean);
    return chips.length ? h('div', { class: 'tags', key: name, 'data-clips': name }, chips) : null;
  };
  // The places' own words stand apart: a call is said without them, but not where to.
  const of = (/** @type {string} */ language) => [
    group(`${language}/needed`, (clip) => clip.language === language && clip.needed),
    now.voice.clips.some((/** @type {any} */ clip) => clip.language === language && clip.place) ? h('p', { class: 'of-places', key: `${language}/about` }, t('ops.voice.of_places')) : null,
    group(`${language}/places`, (clip) => clip.language === language && clip.place),
    h('p', { class: 'of-places', key: `${language}/others-about` }, t('ops.voice.of_others')),
    group(`${language}/others`, (clip) => clip.language === language && !clip.needed && !clip.place)];
  return h('div', { class: 'card pad clips', key: 'list' },
    h('p', { class: 'legend', key: 'legend' }, ['is_recorded', 'needed', 'not_yet'].map((mark) => h('span', { class: mark, key: mark }, h('i', { 'aria-hidden': 'true' }, SIGNS[/** @type {'needed'} */ (mark)]), t(`ops.voice.${mark}`)))),
    ['zh', 'en'].map((language) => [
      h('h2', { key: language }, t(`ops.voice.${language}`)), of(language)]));
}
