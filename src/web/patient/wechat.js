// The hospital's WeChat account: WeChat itself says who holds this phone. Its browser goes there and is back at once, with a code
// that the house exchanges; nothing is typed, and no other browser is sent back.

import { h } from '../lib/dom.js';
import { language, t } from '../lib/i18n.js';

/** Whether this is WeChat's own browser. */
export const HERE = /MicroMessenger/i.test(navigator.userAgent);
/** Under which this browser keeps that it has been to WeChat by itself for an account: once, so that what is turned off stays off. */
const BEEN = 'jiaohao.wechat.';

/** What WeChat has sent along, taken out of the address at once. @returns {{code: string, state: string}|null} */
function takeAnswer() {
  const given = new URLSearchParams(location.search);
  const state = given.get('state');
  if (!state) return null;
  const code = given.get('code') || '';
  ['code', 'state'].forEach((name) => given.delete(name));
  const rest = given.toString();
  history.replaceState(null, '', location.pathname + (rest ? `?${rest}` : '') + location.hash);
  return { code, state };
}

/** Kept until somebody is signed in. */
let answer = takeAnswer();

/** The account's way to WeChat and back, and its row among the ways. */
export class WeChat {
  /** @param {import('../lib/page.js').Page} page @param {() => Promise<{channels: string[]}>} askHouse */
  constructor(page, askHouse) {
    this.page = page;
    this.askHouse = askHouse;
    /** Of whom the account is told by WeChat; null: not known. @type {Set<string>|null} */
    this.bound = null;
    this.busy = false;
  }

  /** Somebody is signed in and has said who they are: back from WeChat, or for the first time here. @param {boolean} isFree nothing waits that a way to WeChat would lose */
  async begin(isFree) {
    if (answer) {
      await this.finish(answer);
      return;
    }
    const who = this.page.session.who || {};
    // Who came by a link has no sign-in that would still be there afterwards.
    if (!HERE || !isFree || !who.session || this.hasBeen(who.account)) return;
    try {
      if (!(await this.askHouse()).channels.includes('wechat')) return;
      await this.read();
      this.keepBeen(who.account);
      if (this.bound && !this.bound.size) await this.go();
    } catch {
      // The switch among the ways is still there.
    }
  }

  /** @param {string} account */
  hasBeen(account) {
    try {
      return localStorage.getItem(BEEN + account) === '1';
    } catch {
      return true;
    }
  }

  /** @param {string} account */
  keepBeen(account) {
    try {
      localStorage.setItem(BEEN + account, '1');
    } catch {
      // Then this browser is never sent by itself.
    }
  }

  async go() {
    const { url } = await this.page.session.http('POST', '/api/v1/channels/wechat/authorize');
    location.assign(url);
  }

  /** @param {{code: string, state: string}} answer */
  async finish({ code, state }) {
    answer = null;
    if (!code) {
      this.page.notify(t('ways.wechat.denied'), 'soon', 'wechat_denied');
      return;
    }
    await this.doing(async () => {
      const { patients } = await this.page.session.http('POST', '/api/v1/channels/wechat/bind', { code, state, language: language() });
      this.bound = new Set(patients);
      this.page.notify(t('ways.wechat.bound'), 'good', 'wechat_bound');
    });
  }

  async read() {
    const { family } = await this.page.session.http('GET', '/api/v1/family');
    this.bound = new Set(family.filter((/** @type {any} */ one) => one.wechat).map((/** @type {any} */ one) => one.patient));
    this.page.draw();
  }

  async stop() {
    for (const patient of this.bound || []) await this.page.command('unbind_channel', { patient, channel: 'wechat' });
    this.bound = new Set();
  }

  /** @param {() => Promise<void>} what */
  async doing(what) {
    this.busy = true;
    this.page.draw();
    try {
      await what();
    } catch (refusal) {
      this.page.refuse(refusal, 'bind_wechat');
    }
    this.busy = false;
    this.page.draw();
  }

  /** @param {string} patient */
  row(patient) {
    const isOn = !!this.bound && this.bound.has(patient);
    const words = h('span', null, t(HERE && !isOn ? 'ways.wechat.by' : 'ways.wechat'), h('small', null, t(isOn || HERE ? 'ways.wechat.on' : 'ways.wechat.open')));
    // Elsewhere WeChat does not say who somebody is.
    if (!this.bound || (!isOn && !HERE)) return h('div', { key: 'wechat' }, words);
    return h('button', {
      type: 'button', key: 'wechat', 'data-action': isOn ? 'stop_wechat' : 'allow_wechat', disabled: this.busy, 'aria-busy': String(this.busy),
      onclick: () => this.doing(() => (isOn ? this.stop() : this.go())),
    }, words, h('span', { class: 'end' }, t(isOn ? 'ways.push.stop' : 'ways.push.allow')));
  }
}
