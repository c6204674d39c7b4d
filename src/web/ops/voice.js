// The site's voice: what is used now, the computer's reading at a press, and a nurse's own, read clip by clip. One key records
// and stops; arrows go on, back, and listen. What was read is kept by the house: it can be left and continued.

import { find, h, isEditing } from '../lib/dom.js';
import { Refusal } from '../lib/http.js';
import { t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';
import { Microphone } from './microphone.js';
import { readingWords } from './overview.js';

/** @type {{site: string, voice: any, at: number, state: 'still'|'opening'|'listening'|'keeping', said: string, error: string, busy: string, reading: boolean}} */
const now = { site: '', voice: null, at: 0, state: 'still', said: '', error: '', busy: '', reading: false };
const microphone = new Microphone();
/** The page that shows the recorder. @type {import('../lib/page.js').Page|null} */
let shownBy = null;
/** @type {HTMLAudioElement|null} */
let heard = null;

/** @param {import('../lib/page.js').Page} page @param {string} site @param {boolean} first */
async function read(page, site, first) {
  try {
    const voice = await page.session.http('GET', `/api/v1/voice/${site}`);
    if (now.site !== site) return;
    now.voice = voice;
    if (first) now.at = Math.max(0, voice.clips.findIndex((/** @type {any} */ clip) => clip.recorded_ms === null));
  } catch (refusal) {
    now.error = wordsOf(refusal);
  }
  page.draw();
  if (first) focusRecord();
}

/** After each step the next key is the recorder's again. */
function focusRecord() {
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
  const keys = { ArrowRight: () => go(page, now.at + 1), ArrowLeft: () => go(page, now.at - 1), ArrowDown: () => listen(page, now.voice.clips[now.at]) };
  const onControl = event.target instanceof Element && !!event.target.closest('button, a, summary, input');
  if (!onControl) keys[' '] = () => press(page);
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** @param {string} site @param {any} clip */
const pathOf = (site, clip) => `/api/v1/voice/${site}/clip?${new URLSearchParams({ language: clip.language, clip: clip.clip })}`;

/** @param {import('../lib/page.js').Page} page */
async function press(page) {
  if (now.state === 'listening') {
    now.state = 'keeping';
    microphone.stop();
    page.draw();
    return;
  }
  if (now.state !== 'still') return;
  const [site, clip] = [now.site, now.voice.clips[now.at]];
  now.state = 'opening';
  now.error = '';
  page.draw();
  try {
    await microphone.start((file) => keep(page, site, clip, file));
    now.state = 'listening';
  } catch (_refused) {
    now.state = 'still';
    now.error = t('ops.voice.no_microphone');
  }
  page.draw();
}

/** @param {import('../lib/page.js').Page} page @param {string} site @param {any} clip @param {Blob|null} file */
async function keep(page, site, clip, file) {
  now.state = 'keeping';
  page.draw();
  try {
    if (!file) throw new Refusal({ code: 'invalid_field' });
    const kept = await page.session.http('PUT', pathOf(site, clip), undefined, { file });
    clip.recorded_ms = kept.ms;
    now.state = 'still';
    page.draw();
    focusRecord();
    await listen(page, clip);
    return;
  } catch (refusal) {
    now.error = refusal.code === 'invalid_field' ? t('ops.voice.not_heard') : wordsOf(refusal);
  }
  now.state = 'still';
  page.draw();
}

/** Plays a clip as the screens will. @param {import('../lib/page.js').Page} page @param {any} clip */
async function listen(page, clip) {
  if (clip.recorded_ms === null || now.state !== 'still') return;
  try {
    const { wav } = await page.session.http('GET', pathOf(now.site, clip));
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    if (heard) URL.revokeObjectURL(heard.src);
    heard = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
    await heard.play();
  } catch (failed) {
    if (failed instanceof Refusal) now.error = wordsOf(failed);
    page.draw();
  }
}

/** @param {import('../lib/page.js').Page} page @param {number} at */
function go(page, at) {
  if (now.state !== 'still' || at < 0 || at >= now.voice.clips.length) return;
  now.at = at;
  now.error = '';
  page.draw();
  focusRecord();
}

/** @param {import('../lib/page.js').Page} page @param {'make'|'use'} what */
async function settle(page, what) {
  now.busy = what;
  page.draw();
  try {
    const used = await page.session.http('POST', `/api/v1/voice/${now.site}/${what}`, {});
    const left = used.left_out.length ? ` ${t('ops.voice.left_out', { clips: used.left_out.slice(0, 12).join(' ') })}` : '';
    page.notify(t('ops.voice.used_now') + left, 'good');
  } catch (refusal) {
    page.notify(refusal.code === 'invalid_field' ? t(`ops.voice.cannot_${what}`) : wordsOf(refusal));
  }
  now.busy = '';
  await read(page, now.site, false);
}

/** The part is left: nobody listens. */
export function leaveVoice() {
  microphone.close();
  document.removeEventListener('keydown', onKey);
  shownBy = null;
  now.site = '';
  now.state = 'still';
}

/** @param {import('../lib/page.js').Page} page @param {string} site @param {any} standing the site as the figures have it, or null */
export function voiceView(page, site, standing) {
  if (!shownBy) document.addEventListener('keydown', onKey);
  shownBy = page;
  if (now.site !== site) {
    Object.assign(now, { site, voice: null, at: 0, error: '', state: 'still', reading: false });
    read(page, site, true);
  }
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
  const lacks = voice.clips.filter((/** @type {any} */ one) => one.used_ms === null && spoken.includes(one.language));
  return h('div', { class: 'card pad voice-used', key: 'used' },
    voice.damaged ? h('p', { class: 'notice alarm', role: 'alert', key: 'damaged', 'data-damaged': '' }, t('ops.voice.damaged')) : null,
    h('p', { 'data-voice': voice.used ? voice.used.made_by : 'none' }, t(voice.used ? `ops.voice.by_${voice.used.made_by}` : 'ops.voice.by_none'),
      lacks.length ? h('small', { class: 'muted', 'data-lacks': '' }, t('ops.voice.lacks', { clips: lacks.slice(0, 12).map((/** @type {any} */ one) => one.clip).join(' ') })) : null),
    voice.failed ? h('p', { class: 'notice soon', key: 'failed', 'data-voice-failed': '' }, t('ops.voice.failed', { why: voice.failed })) : null,
    reading ? h('p', { class: 'muted', key: 'reading', role: 'status', 'data-voice-reading': String(reading.all) }, readingWords(reading),
      h('progress', { max: String(reading.all), value: String(reading.done), 'aria-label': readingWords(reading) })) : null,
    voice.can_make
      ? h('button', { type: 'button', class: 'btn', 'data-action': 'make_voice', 'aria-busy': String(now.busy === 'make'), onclick: () => !now.busy && settle(page, 'make') }, t('ops.voice.make'))
      : h('p', { class: 'muted', 'data-no-espeak': '' }, t('ops.voice.no_espeak')));
}

/** @param {import('../lib/page.js').Page} page */
function recorder(page) {
  const { clips } = now.voice;
  const clip = clips[now.at];
  const done = clips.filter((/** @type {any} */ one) => one.recorded_ms !== null).length;
  if (!Microphone.isThere) return h('p', { class: 'notice soon', key: 'recorder' }, t('ops.voice.needs_tls'));
  const isRecorded = clip.recorded_ms !== null;
  return h('section', {
    class: `card recorder ${now.state}`, key: 'recorder', 'data-recorder': now.state, 'aria-label': t('ops.voice.record'),
  },
  h('p', { class: 'muted', 'data-progress': String(done) }, t('ops.voice.progress', { done, all: clips.length }),
    h('progress', { max: String(clips.length), value: String(done), 'aria-label': t('ops.voice.progress', { done, all: clips.length }) })),
  h('div', { class: 'read', 'data-clip': clip.clip, lang: clip.language === 'zh' ? 'zh-CN' : 'en', 'aria-live': 'polite' }, clip.clip),
  h('p', { class: 'how', role: 'status' }, now.error || t(now.state === 'still' ? (isRecorded ? 'ops.voice.recorded' : 'ops.voice.to_read') : `ops.voice.${now.state}`)),
  h('div', { class: 'buttons' },
    h('button', { type: 'button', class: 'btn', 'data-action': 'clip_before', disabled: now.at === 0, onclick: () => go(page, now.at - 1) }, t('ops.voice.before'), h('kbd', null, '←')),
    h('button', { type: 'button', class: 'btn primary', 'data-action': 'record_clip', 'aria-pressed': String(now.state === 'listening'), onclick: () => press(page) },
      t(now.state === 'listening' ? 'ops.voice.stop' : isRecorded ? 'ops.voice.again' : 'ops.voice.record'), h('kbd', null, t('ops.voice.space'))),
    h('button', { type: 'button', class: 'btn', 'data-action': 'hear_clip', disabled: !isRecorded, onclick: () => {
      listen(page, clip);
      focusRecord();
    } }, t('ops.voice.listen'), h('kbd', null, '↓')),
    h('button', { type: 'button', class: 'btn', 'data-action': 'clip_next', disabled: now.at === clips.length - 1, onclick: () => go(page, now.at + 1) }, t('ops.voice.next'), h('kbd', null, '→'))),
  h('p', { class: 'muted' }, t('ops.voice.keys')),
  h('button', { type: 'button', class: 'btn', 'data-action': 'use_voice', 'aria-busy': String(now.busy === 'use'), onclick: () => !now.busy && settle(page, 'use') }, t('ops.voice.use')));
}

/** @param {import('../lib/page.js').Page} page */
function list(page) {
  const chip = (/** @type {any} */ clip, /** @type {number} */ at) => h('button', {
    type: 'button', class: `btn small ${clip.recorded_ms === null ? '' : 'done'}`, key: `${clip.language}/${clip.clip}`, 'data-choose-clip': `${clip.language}/${clip.clip}`,
    'aria-current': at === now.at ? 'true' : undefined, onclick: () => go(page, at),
  }, h('span', { lang: clip.language === 'zh' ? 'zh-CN' : 'en' }, clip.clip), clip.recorded_ms === null ? (clip.needed ? h('i', { 'aria-label': t('ops.voice.needed') }, '•') : null) : h('i', { 'aria-label': t('ops.voice.is_recorded') }, '✓'));
  const of = (/** @type {string} */ language) => now.voice.clips.map((/** @type {any} */ clip, /** @type {number} */ at) => (clip.language === language ? chip(clip, at) : null));
  return h('div', { class: 'card pad clips', key: 'list' }, ['zh', 'en'].map((language) => [
    h('h2', { key: language }, t(`ops.voice.${language}`)), h('div', { class: 'tags', key: `${language}/clips` }, of(language))]),
  h('p', { class: 'muted', key: 'legend' }, t('ops.voice.legend')));
}
