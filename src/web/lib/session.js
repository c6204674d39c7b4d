// Who is signed in on this page. The refresh token is an HttpOnly cookie of /api/v1/session; the access token lives in
// memory only and is renewed before it ends. A one-click link brings one in the fragment, which is removed at once.
// Chromium 70 syntax: screens use it.

import { call, isPassing, Refusal, within } from './http.js';
import { t } from './i18n.js';

const SESSION = '/api/v1/session';
/** Under which this browser keeps the mark that makes it known to its phone's account; it signs nobody in. */
const DEVICE = 'jiaohao.device';
/** Under which this browser keeps that somebody has left and the house has not heard it. */
const LEAVING = 'jiaohao.leaving';
/** Signing out does not wait longer for an answer. */
const SIGN_OUT_WITHIN_MS = 5000;
/** An access token is renewed this long before it ends. */
const RENEW_BEFORE_MS = 60000;

/** @param {string} token @returns {any} the claims of a signed token, unchecked: for display only */
function claims(token) {
  try {
    const part = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    return JSON.parse(decodeURIComponent(escape(atob(part))));
  } catch (_opaque) {
    return {};
  }
}

/**
 * Whether a link may sign this browser in. In a made-up city it does so by itself; in a real house whoever made the link
 * would read what is typed here afterwards, so the person is asked. @returns {Promise<boolean>}
 */
async function mayTakeLink() {
  const madeUp = await fetch('/healthz', { cache: 'no-store' }).then((r) => r.headers.has('x-jiaohao-test-speed'), () => false);
  return madeUp || window.confirm(t('sign_in.by_link'));
}

/** @param {string} name @returns {string|null} */
function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch (_closed) {
    return null;
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch (_closed) {
    // Known for this visit only.
  }
}

/** A page's identity: signs in, renews, signs out. */
export class Session {
  constructor() {
    /** @type {string|null} */
    this.access = null;
    this.endsAt = 0;
    /** What the door said about us: role, name, doctor, site, departments, patients. @type {any} */
    this.who = null;
    /** The account that this browser has been signed in to in another tab, while this page was somebody else's. @type {string|null} */
    this.other = null;
    /** @type {Promise<string|null>|null} */
    this.renewing = null;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** What this device is known by to who asks for codes here. @type {string|undefined} */
    this.device = undefined;
    /** The house that answered the last signing in, let in or not. @type {string|null} */
    this.house = null;
    /** A call did not reach the house. */
    this.onOffline = () => {};
  }

  /** @param {() => void} listener after signing in or out */
  onChange(listener) {
    this.listeners.add(listener);
  }

  /** @param {any} answer of the session resource */
  take(answer) {
    const token = answer && (answer.access_token || answer.token);
    if (!token) return;
    const said = claims(token);
    if (this.who && this.who.account && said.account !== this.who.account) {
      // Nobody goes on with another's rights without a word.
      this.other = said.account;
      this.access = null;
      this.endsAt = 0;
      this.listeners.forEach((f) => f());
      return;
    }
    this.access = token;
    const lifeS = answer.expires_in_s || answer.expires_in || (said.exp ? said.exp - Date.now() / 1000 : 600);
    this.endsAt = performance.now() + Math.max(5, lifeS) * 1000;
    this.who = Object.assign({}, said, this.who && this.who.role === said.role ? this.who : null, answer);
    delete this.who.access_token;
    delete this.who.token;
    this.listeners.forEach((f) => f());
  }

  /** Takes a token from the address' fragment, or asks with the cookie. @returns {Promise<boolean>} signed in */
  async restore() {
    const given = /[#&]token=([^&]+)/.exec(location.hash);
    if (given) {
      const patient = /[#&]patient=([^&]+)/.exec(location.hash);
      history.replaceState(null, '', location.pathname + location.search);
      if (!await mayTakeLink()) return (await this.renew()) !== null;
      const patients = patient ? [{ patient: decodeURIComponent(patient[1]), relation: 'self' }] : undefined;
      this.take(Object.assign({ access_token: decodeURIComponent(given[1]) }, patients ? { patients } : null));
      return true;
    }
    if (recall(LEAVING) === '1') {
      await this.end(null).catch(() => {});
      return false;
    }
    return (await this.renew()) !== null;
  }

  /**
   * Signs in with what the person gave: `{name, password}`, `{phone, code, device}`, or a screen's `{screen, secret}`.
   * @param {any} proof @param {AbortSignal} [signal]
   */
  async signIn(proof, signal) {
    this.house = null;
    const answer = await call('POST', SESSION, {
      body: proof,
      signal,
      heard: (headers) => {
        this.house = headers.get('x-jiaohao-house');
      },
    });
    keep(LEAVING, '');
    this.who = null;
    this.take(answer);
    return answer;
  }

  /** Has a one-time code sent to a phone, for this device alone. @param {string} phone */
  async askCode(phone) {
    const answer = await call('POST', `${SESSION}/code`, { body: { phone, device: this.device || recall(DEVICE) || undefined } });
    this.device = answer.device;
    keep(DEVICE, answer.device);
    return answer;
  }

  /** A token that is valid for a while; renewed when it is about to end. @returns {Promise<string|null>} */
  async token() {
    if (this.access && performance.now() < this.endsAt - RENEW_BEFORE_MS) return this.access;
    const renewed = await this.renew();
    return renewed || (performance.now() < this.endsAt ? this.access : null);
  }

  /** Trades the cookie for a new access token; null when nobody is signed in. @returns {Promise<string|null>} */
  renew() {
    if (!this.renewing) {
      this.renewing = this.trade().then(
        (token) => {
          this.renewing = null;
          return token;
        },
        (failed) => {
          this.renewing = null;
          throw failed;
        },
      );
    }
    return this.renewing;
  }

  async trade() {
    const ask = async () => {
      try {
        this.take(await call('POST', `${SESSION}/refresh`));
        return this.access;
      } catch (failed) {
        // A house that is busy, reads its log or has failed says nothing of who is signed in: nobody is signed out by it.
        if (failed instanceof Refusal && !isPassing(failed) && failed.code !== 'internal') return null;
        throw new Refusal({ code: 'offline' });
      }
    };
    // Two pages of one browser share the cookie: one trades at a time, or one of them would spend the other's.
    const locks = /** @type {any} */ (navigator).locks;
    return locks ? locks.request('jiaohao.refresh', ask) : ask();
  }

  /** Whoever leaves is out on this page at once, also when the house does not hear it. */
  async signOut() {
    const token = this.access;
    this.access = null;
    this.who = null;
    this.endsAt = 0;
    try {
      await this.end(token);
    } catch (failed) {
      if (!(failed instanceof Refusal) || failed.code !== 'offline') throw failed;
    } finally {
      this.listeners.forEach((f) => f());
    }
  }

  /** Ends the cookie's sign-in. What the house has not heard is said again before anybody is let in by that cookie. @param {string|null} token */
  async end(token) {
    keep(LEAVING, '1');
    try {
      await within(SIGN_OUT_WITHIN_MS, (signal) => call('DELETE', SESSION, { token, signal }));
    } catch (failed) {
      const isUnheard = !(failed instanceof Refusal) || failed.code === 'offline';
      if (!isUnheard) keep(LEAVING, '');
      throw isUnheard ? new Refusal({ code: 'offline' }) : failed;
    }
    keep(LEAVING, '');
  }

  /**
   * A call of the HTTP door in this person's name.
   * @param {string} method @param {string} path @param {any} [body] @param {{key?: string, file?: Blob, signal?: AbortSignal}} [options]
   */
  async http(method, path, body, options) {
    try {
      const token = await this.token();
      // What was asked for here is not done by somebody else.
      if (this.other) throw new Refusal({ code: 'unauthenticated' });
      return await call(method, path, Object.assign({ body, token }, options));
    } catch (failed) {
      if (failed instanceof Refusal && failed.code === 'offline' && !failed.gaveUp) this.onOffline();
      throw failed;
    }
  }
}
