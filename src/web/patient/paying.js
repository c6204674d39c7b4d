// Paying by phone: a place that is paid before it is the booking, and a fee that is still open. The provider's own page takes
// the money; that it was paid comes here by itself.

import '../i18n/paying.js';
import { clockOf } from '../lib/clock.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { yuan } from '../lib/words.js';

/** Which appointment this page has gone to pay, so that whoever comes back is not sent to pay once more. */
const GONE = 'jiaohao.paying';
/** The word of the provider is here by then, or it is asked. */
const WAIT_MS = 120000;
/** Where a provider's page may be: the web, or the program that pays. */
const SCHEMES = ['https:', 'http:', 'weixin:', 'alipays:'];

/** The appointment whose page is being opened. */
let opening = '';

/** @returns {{appointment: string, at: number}|null} */
function gone() {
  try {
    return JSON.parse(/** @type {any} */ (sessionStorage.getItem(GONE)));
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @param {string} appointment */
function remember(appointment) {
  try {
    sessionStorage.setItem(GONE, JSON.stringify({ appointment, at: Date.now() }));
  } catch {
    // Whoever comes back may be asked to pay once more; the provider knows that it was paid.
  }
}

/** @param {string} url */
function isPage(url) {
  try {
    return SCHEMES.includes(new URL(url).protocol);
  } catch {
    return false;
  }
}

/** @param {import('../lib/page.js').Page} page @param {string} appointment */
async function go(page, appointment) {
  if (opening) return;
  opening = appointment;
  page.draw();
  try {
    const { pay_url: url } = await page.command('pay_appointment', { appointment });
    if (isPage(url)) {
      remember(appointment);
      location.assign(url);
    } else page.notify(t('paying.no_page'));
  } catch {
    // said on the page
  }
  opening = '';
  page.draw();
}

/** What has to be paid by phone, until when, and the way there. @param {import('../lib/page.js').Page} page @param {any} a @param {any} fee */
export function payPart(page, a, fee) {
  const amount = { yuan: yuan(fee.due_fen) };
  const held = a.state === 'held';
  const was = gone();
  const waits = !!was && was.appointment === a.appointment && Date.now() - was.at < WAIT_MS;
  const words = waits ? t('paying.waits') : held ? t('paying.held', { ...amount, time: clockOf(a.expires_at) }) : t('paying.due', amount);
  return h('div', { class: 'form', key: 'pay', 'data-pay': waits ? 'waits' : 'due' },
    h('p', { class: 'notice soon', role: 'status', 'data-fee': 'open' }, words, held || waits ? null : h('small', { key: 'more' }, t('paying.due_more'))),
    h('button', {
      type: 'button', class: `btn big wide${waits ? '' : ' primary'}`, 'data-action': 'pay_appointment', 'data-appointment': a.appointment, disabled: !!opening, onclick: () => go(page, a.appointment),
    }, opening === a.appointment ? t('paying.going') : t(waits ? 'paying.again' : 'paying.go', amount)));
}
