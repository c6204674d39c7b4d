// How a staff or patient page begins: words, session, protocol, the bands that say what is wrong; then the page's own part.

import '../components/connection.js';
import '../components/language.js';
import '../components/sign-in.js';
import { drawing, find, h, render } from './dom.js';
import { Refusal } from './http.js';
import { applyWords, onLanguage, t } from './i18n.js';
import { Protocol } from './protocol.js';
import { Session } from './session.js';
import { wordsOf } from './words.js';

/** A house that could not say whether somebody is signed in is asked again after this time. */
const RESTORE_AGAIN_MS = 3000;

/**
 * @typedef {{session: Session, protocol: Protocol, draw: () => void, notify: (text: string, kind?: string, code?: string) => void,
 *   refuse: (refusal: any, command?: string) => void,
 *   command: (name: string, body: any, element?: any) => Promise<any>}} Page
 */

/**
 * Starts a page. `main` is the element the page draws into.
 * @param {{mode: 'staff'|'phone', roles: string[], start: (page: Page) => void, draw: () => any, signedOut?: () => any,
 *   leave?: () => Promise<void>, beside?: () => any, now?: () => number}} parts `leave`: what a sign-out ends in this browser beside
 *   the sign-in; `beside`: what stands with the languages before anybody is signed in
 * @returns {Page}
 */
export function openPage(parts) {
  // What browsers are too old for does not come so far (`old/phone.js`).
  document.body.dataset.page = 'begun';
  const session = new Session();
  const protocol = new Protocol({ token: () => session.token(), renew: () => session.renew() });
  let started = false;
  let checked = false;
  let isAsked = false;
  /** @type {any} */
  let notice = null;
  let noticeTimer = 0;

  const mayUse = () => !!session.who && (!session.who.role || parts.roles.includes(session.who.role));

  const drawNow = () => {
    // Before somebody is signed in nothing connects, and nothing is said about it.
    document.body.classList.toggle('signed-out', !(session.access && mayUse()));
    if (!checked) return;
    const main = find('#main');
    if (session.access && mayUse()) render(main, parts.draw());
    else render(main, parts.signedOut ? parts.signedOut() : signInCard(session, parts));
    const place = find('#notice');
    if (place) render(place, notice ? h('div', { class: `notice ${notice.kind}`, role: 'alert', 'data-notice': notice.code || '' },
      h('span', null, notice.text),
      h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'close_notice', onclick: () => notify('') }, t('close'))) : []);
  };
  const draw = drawing(drawNow);

  /** @param {string} text @param {string} [kind] @param {string} [code] */
  const notify = (text, kind, code) => {
    clearTimeout(noticeTimer);
    notice = text ? { text, kind: kind || 'alarm', code } : null;
    if (text) noticeTimer = /** @type {any} */ (setTimeout(() => notify(''), kind === 'good' ? 5000 : 20000));
    draw();
  };

  /** Sends a command; a refusal is said on the page and thrown on. The pressed element shows that it is being done. */
  const command = async (/** @type {string} */ name, /** @type {any} */ body, /** @type {any} */ element) => {
    if (element) element.setAttribute('aria-busy', 'true');
    try {
      // What is pressed now must not happen later: the floor has gone on by then.
      if (protocol.status === 'offline') throw new Refusal({ code: 'offline' });
      const result = await protocol.command(name, body);
      notify('');
      return result;
    } catch (refusal) {
      refuse(refusal, name);
      throw refusal;
    } finally {
      if (element) element.removeAttribute('aria-busy');
    }
  };

  /** Says on the page why something was not done. @param {any} refusal @param {string} [command] */
  const refuse = (refusal, command) => notify(wordsOf(refusal, command), refusal.code === 'stale_console' ? 'soon' : 'alarm', refusal.code);

  const page = { session, protocol, draw, notify, refuse, command };

  const begin = () => {
    if (!started && session.access && mayUse()) {
      started = true;
      protocol.start();
      parts.start(page);
    }
    draw();
  };
  // A house that is busy has not said that nobody is signed in: it is asked until it says one or the other.
  const restore = () => session.restore().then(() => {}, (refusal) => {
    notify(wordsOf(refusal));
    if (refusal.code === 'offline') setTimeout(() => !session.access && restore(), RESTORE_AGAIN_MS);
  });
  session.onOffline = () => protocol.doubt();
  session.onChange(() => {
    if (session.other) {
      // However often it is heard, it is asked once.
      if (!isAsked) sayOther(session, protocol, parts.leave);
      isAsked = true;
    } else if (!session.access && started) location.reload();
    else begin();
  });
  protocol.onStatus((status) => {
    if (status === 'signed_out' && started && checked) {
      session.access = null;
      started = false;
    }
    // What could not be reached is there again.
    if (status === 'live' && notice && notice.code === 'offline') notify('');
    draw();
  });
  // What was said in the other language is not said again.
  onLanguage(() => notify(''));
  applyWords(document);
  document.querySelectorAll('jh-connection, jh-offline-band').forEach((el) => {
    /** @type {any} */ (el).protocol = protocol;
  });
  // Not before the caller has its page in hand: with a token in the address nothing has to be waited for.
  Promise.resolve().then(restore).then(() => {
    checked = true;
    begin();
  });
  return page;
}

/**
 * Somebody else has signed in in this browser: the page stops and asks whose it is now.
 * @param {Session} session @param {Protocol} protocol @param {(() => Promise<void>)|undefined} leave
 */
async function sayOther(session, protocol, leave) {
  protocol.stop();
  /** @param {string|null} account a staff account is called by its name; a phone's has none to show */
  const named = (account) => (account && account.startsWith('a-staff-') ? account.slice('a-staff-'.length) : '');
  const [before, after] = [named(session.who.account), named(session.other)];
  const asked = () => ask(t('sign_in.other_account'), (close) => [
    h('p', null, before && after ? t('sign_in.other_account_named', { before, after }) : t('sign_in.other_account_said')),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'btn', 'data-action': 'sign_in_anew', onclick: () => close(false) }, after ? t('sign_in.other_account_out', { after }) : t('sign_in.other_account_anew')),
      h('button', { type: 'button', class: 'btn primary', 'data-action': 'go_on_as_other', onclick: () => close(true) },
        after ? t('sign_in.other_account_go', { after }) : t('sign_in.other_account_go_on'))),
  ]);
  let goOn = null;
  while (goOn === null) goOn = await asked();
  if (!goOn && leave) await leave();
  if (!goOn) await session.signOut().catch(() => {});
  location.reload();
}

/** @param {Session} session @param {any} parts */
function signInCard(session, parts) {
  const wrong = session.access && session.who;
  return h('div', { class: 'centred', key: 'sign-in' },
    h('section', { class: 'card' },
      h('h1', null, t(parts.mode === 'phone' ? 'sign_in.title_phone' : 'sign_in.title')),
      h('p', { class: 'muted' }, wrong ? t('sign_in.wrong_role') : t(`sign_in.for_${parts.roles[0]}`)),
      h('jh-sign-in', { mode: parts.mode, session }),
      parts.mode === 'phone' ? h('div', { class: 'buttons' }, parts.beside ? parts.beside() : null, h('jh-language', null)) : null));
}

/**
 * A modal dialog that asks for something; resolves with what the form gave, or null.
 * @param {string} title
 * @param {(close: (value: any) => void, redraw: () => void) => any} body drawn again by `redraw`
 * @returns {Promise<any>}
 */
export function ask(title, body) {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    document.body.append(dialog);
    const close = (/** @type {any} */ value) => {
      if (dialog.close) dialog.close();
      dialog.remove();
      resolve(value);
    };
    dialog.addEventListener('cancel', () => close(null));
    // The key that opened it, held down, does not answer it.
    dialog.addEventListener('keydown', (event) => {
      if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
    });
    dialog.setAttribute('aria-label', title);
    const draw = () => render(dialog, [h('h2', null, title), body(close, draw)]);
    draw();
    if (dialog.showModal) dialog.showModal();
    else showPlain(dialog);
  });
}

/** Where a dialog is an element like any other (before Safari 15.4). @param {HTMLElement} dialog */
function showPlain(dialog) {
  dialog.className = 'plain';
  dialog.setAttribute('role', 'dialog');
  dialog.setAttribute('aria-modal', 'true');
  dialog.setAttribute('open', '');
  const first = /** @type {any} */ (dialog.querySelector('[autofocus], input, select, textarea, button'));
  if (first) first.focus();
}

/**
 * What is usually said, as chips. Pressed, one fills in the reason of its form. @param {string[]} usual
 */
export function usualReasons(usual) {
  return h('div', { class: 'tags', key: 'usual' }, usual.map((text) => h('button', {
    type: 'button', class: 'btn small', 'data-choice': text, key: text,
    onclick: (/** @type {any} */ event) => {
      event.target.form.elements.text.value = text;
      for (const chip of event.target.parentNode.children) chip.setAttribute('aria-pressed', String(chip === event.target));
    },
  }, text)));
}

/**
 * Asks for one line of text (a reason); offers what is usually said. Where something ends with it (`danger`) a chip only
 * fills it in, and the red button alone does it; elsewhere a chip is the answer.
 * @param {string} title
 * @param {{hint?: string, usual?: string[], go: string, danger?: boolean, keep?: string, more?: string}} options `keep`: the
 *   words of the way out, where `cancel` would say the opposite, big and before the other; `more`: a sentence above
 * @returns {Promise<string|null>}
 */
export function askText(title, options) {
  return ask(title, (close) => h('form', {
    class: 'form',
    onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      close(event.target.elements.text.value.trim());
    },
  },
  options.more ? h('p', { class: 'notice soon', key: 'more' }, options.more) : null,
  options.danger
    ? usualReasons(options.usual || [])
    : h('div', { class: 'tags', key: 'usual' }, (options.usual || []).map((text) => h('button', {
      type: 'button', class: 'btn small', 'data-choice': text, onclick: () => close(text),
    }, text))),
  h('label', { class: 'field' }, h('span', null, options.hint || t('reason')),
    h('input', { class: 'input', name: 'text', required: true, maxlength: '200', autofocus: !options.danger })),
  h('div', { class: options.keep ? 'form' : 'buttons' },
    h('button', { type: 'button', class: `btn${options.keep ? ' primary big wide' : ''}`, 'data-action': 'dialog_cancel', onclick: () => close(null) }, options.keep || t('cancel')),
    h('button', { class: `btn ${options.danger ? 'danger' : 'primary'}${options.keep ? ' wide' : ''}`, 'data-action': 'dialog_go' }, options.go))));
}
