// By which ways the phone's people are told: the page itself, a text message, notifications of this browser, WeChat.

import { h } from '../lib/dom.js';
import { language, t } from '../lib/i18n.js';
import { WeChat } from './wechat.js';

const WORKER = '/push-worker.js';
/** What could not be asked is asked again after this long. */
const ASK_AGAIN_MS = 5000;

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
function bytesOf(text) {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

/** Signing out does not wait longer for the notifications' end: the network may be gone. */
const LEAVE_WITHIN_MS = 3000;

/** As the house names a subscription. @param {string} endpoint @returns {Promise<string>} */
async function digest(endpoint) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint)));
  return btoa(String.fromCharCode(...hash)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** What this browser has subscribed to. @returns {Promise<PushSubscription|null>} */
async function subscribed() {
  const worker = navigator.serviceWorker && await navigator.serviceWorker.getRegistration(WORKER);
  return worker ? worker.pushManager.getSubscription() : null;
}

/** The ways of everybody on the account, and the switch for this browser's notifications to this account. */
export class Ways {
  /** @param {import('../lib/page.js').Page} page @param {() => import('./model.js').Model[]} everybody */
  constructor(page, everybody) {
    this.page = page;
    this.everybody = everybody;
    this.wechat = new WeChat(page, () => this.askHouse());
    /** What a browser subscribes with; null where the hospital sends none, or this browser cannot. @type {string|null} */
    this.key = null;
    /** What this browser is subscribed as. @type {string|null} */
    this.own = null;
    /** As what this account is told of whom by notifications: perhaps on another phone. @type {Map<string, string|null>} */
    this.bound = new Map();
    /** By which ways the house tells people; null: not known yet. @type {string[]|null} */
    this.channels = null;
    this.asked = false;
    /** What the house says of its ways, while or since it was asked. @type {Promise<{key: string|null, channels: string[]}>|null} */
    this.house = null;
    this.busy = false;
    /** Refused in the browser's own question: only its settings take that back. */
    this.refused = false;
  }

  /** Asked once; when no answer came, the next time anew. */
  askHouse() {
    const asked = this.house || this.page.session.http('GET', '/api/v1/push-key');
    this.house = asked;
    asked.catch(() => {
      this.house = null;
    });
    return asked;
  }

  /** Which ways the house has. */
  async readHouse() {
    if (this.asked) return;
    this.asked = true;
    try {
      const { channels } = await this.askHouse();
      this.channels = channels;
      this.page.draw();
      if (channels.includes('wechat')) await this.wechat.read();
    } catch {
      setTimeout(() => (this.asked = false), ASK_AGAIN_MS);
    }
  }

  async read() {
    // Asked again the next time the page is opened.
    if (this.channels && this.channels.includes('wechat')) this.wechat.read().catch(() => {});
    const { navigator: n } = window;
    if (!n.serviceWorker || !('PushManager' in window)) return;
    try {
      const { key } = await this.askHouse();
      if (key) await this.learn(await subscribed());
      this.key = key;
      this.page.draw();
    } catch {
      // Asked again the next time the page is opened.
    }
  }

  /** @param {PushSubscription|null} subscription @param {AbortSignal} [signal] */
  async learn(subscription, signal) {
    const own = subscription && await digest(subscription.endpoint);
    const { family } = await this.page.session.http('GET', '/api/v1/family', undefined, { signal });
    this.own = own;
    this.bound = new Map(family.map((/** @type {any} */ one) => [one.patient, one.push]));
  }

  /** Whether this account is told of somebody in this browser. @param {string} patient */
  isOn(patient) {
    return !!this.own && this.bound.get(patient) === this.own;
  }

  async allow() {
    this.refused = (await Notification.requestPermission()) !== 'granted';
    if (this.refused) return;
    const worker = await navigator.serviceWorker.register(WORKER, { type: 'module' });
    const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(String(this.key)) });
    const { endpoint, keys } = subscription.toJSON();
    const push = { endpoint, p256dh: (keys || {}).p256dh, auth: (keys || {}).auth };
    for (const { patient } of this.everybody()) await this.page.command('bind_channel', { patient, channel: { push }, language: language() });
    await this.learn(subscription);
  }

  async stop() {
    const subscription = await subscribed();
    await this.learn(subscription);
    for (const [patient] of this.bound) if (this.isOn(patient)) await this.page.command('unbind_channel', { patient, channel: 'push' });
    if (subscription) await subscription.unsubscribe();
    this.own = null;
  }

  /**
   * Whoever signs out leaves nothing behind that goes on showing numbers here. What the network does not let through in time, the
   * push service answers the house: nobody is subscribed there any more.
   */
  async leave() {
    const late = new AbortController();
    const left = (async () => {
      const subscription = await subscribed();
      if (!subscription) return;
      const unbound = this.learn(subscription, late.signal).then(() => Promise.all(Array.from(this.bound.keys()).filter((patient) => this.isOn(patient))
        .map((patient) => this.page.session.http('POST', '/api/v1/channels/unbind', { patient, channel: 'push' }, { signal: late.signal }))));
      await Promise.all([subscription.unsubscribe(), unbound.catch(() => {})]);
    })().catch(() => {});
    const waited = new Promise((resolve) => setTimeout(resolve, LEAVE_WITHIN_MS));
    await Promise.race([left, waited]);
    late.abort();
  }

  /** @param {() => Promise<void>} what */
  async switch(what) {
    this.busy = true;
    this.page.draw();
    try {
      await what();
    } catch (refusal) {
      // What the server refused is said already; the browser's own reasons are not words for people.
      if (!refusal || !(/** @type {any} */ (refusal).code)) this.page.notify(t('ways.push.failed'), 'soon');
    }
    this.busy = false;
    this.page.draw();
  }

  /** Where the house sends no text messages, nothing else is promised. @param {boolean} isBound to the phone that signed in */
  smsPart(isBound) {
    if (!this.channels) return null;
    if (!this.channels.includes('sms')) return h('div', { key: 'no-sms', 'data-no-sms': '' }, h('span', null, t('ways.sms.none'), h('small', null, t('ways.sms.none_more'))));
    return h('div', { key: 'sms' }, h('span', null, t('ways.sms'), h('small', null, t(isBound ? 'ways.sms.on' : 'ways.sms.off'))));
  }

  /** @param {import('./model.js').Model} model who is shown */
  view(model) {
    const ways = (model.value && model.value.ways) || [];
    this.readHouse();
    const push = this.isOn(model.patient);
    return [
      h('h2', { key: 'ways-h' }, t('ways.title')),
      h('div', { class: 'block rows ways', key: 'ways', 'data-ways': ways.join(' ') },
        h('div', { key: 'app' }, h('span', null, t('ways.app'), h('small', null, t('ways.app.more')))),
        this.smsPart(ways.includes('sms')),
        this.channels && this.channels.includes('wechat') ? this.wechat.row(model.patient) : null,
        this.key ? h('button', {
          type: 'button', key: 'push', 'data-action': push ? 'stop_push' : 'allow_push', disabled: this.busy, 'aria-busy': String(this.busy),
          onclick: () => this.switch(() => (push ? this.stop() : this.allow())),
        },
        h('span', null, t('ways.push'), h('small', null, t(this.refused ? 'ways.push.refused' : push ? 'ways.push.on' : 'ways.push.off'))),
        h('span', { class: 'end' }, t(push ? 'ways.push.stop' : 'ways.push.allow'))) : null),
    ];
  }
}
