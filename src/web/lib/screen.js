// How a wall screen gets its right to show: a one-click token, the pairing it remembers, or a six-digit code that the desk
// or operations approve. Then its protocol, and an honest `off` when it is not current. Chromium 70 syntax.

import { isOff, lastDataClock } from '../components/connection.js';
import { h, render } from './dom.js';
import { lacksChinese } from './glyphs.js';
import { call, Refusal, within } from './http.js';
import { applyWords, t } from './i18n.js';
import { Protocol } from './protocol.js';
import { Session } from './session.js';

const ASK_EVERY_MS = 2500;
/** A screen that the house does not know may be defined later. */
const UNKNOWN_ASK_EVERY_MS = 60000;
/** What a paired screen is refused now may be had later. */
const REFUSED_ASK_EVERY_MS = 5000;
/** A house that takes longer is away. */
const ANSWER_WITHIN_MS = 15000;

/** @param {string} name */
function remember(name) {
  return {
    get: () => {
      try {
        return JSON.parse(localStorage.getItem(name) || 'null');
      } catch (_refused) {
        return null;
      }
    },
    /** @param {any} value */
    set: (value) => {
      try {
        if (value) localStorage.setItem(name, JSON.stringify(value));
        else localStorage.removeItem(name);
      } catch (_refused) {
        // A screen that keeps nothing asks for a code again after a restart.
      }
    },
  };
}

/** The id at the end of the page's path. */
export function idOfPath() {
  return decodeURIComponent(location.pathname.split('/').filter(Boolean).pop() || '');
}

/** A screen's page: identity, connection, pairing. */
export class Screen {
  /**
   * `onStart` follows what the screen shows: when it is paired, and anew when it has been refused or paired again.
   * @param {{kind: 'board'|'door', onStart: () => void, draw: () => void}} options
   */
  constructor(options) {
    this.kind = options.kind;
    this.id = idOfPath();
    this.onStart = options.onStart;
    this.draw = options.draw;
    this.session = new Session();
    this.memory = remember(`jiaohao.screen.${this.kind}.${this.id}`);
    /** @type {any} */
    this.pairing = null;
    this.off = false;
    this.protocol = new Protocol({ token: () => this.token(), renew: () => this.renew() });
    this.lacksChinese = lacksChinese();
    this.protocol.about = () => ({ client: this.client });
    this.protocol.onStatus((status) => this.onStatus(status));
    applyWords(document);
  }

  get isScreen() {
    return !!this.session.who && this.session.who.role === 'screen';
  }

  /** What operations read of this screen, besides whether it is silent. */
  get client() {
    return `page ${this.protocol.version}${this.lacksChinese ? ', no Chinese font' : ''}`;
  }

  get lastData() {
    return lastDataClock(this.protocol);
  }

  async begin() {
    let known = false;
    try {
      if (/[#&]token=/.test(location.hash)) known = await this.session.restore();
      else if (this.memory.get()) known = (await this.renew()) !== null;
      else known = await this.session.restore();
    } catch (refusal) {
      // The server is away: go on trying with what we have.
      known = refusal instanceof Refusal && refusal.code === 'offline' && !!this.memory.get();
      if (!known) {
        setTimeout(() => this.begin(), ASK_EVERY_MS);
        this.off = true;
        this.draw();
        return;
      }
    }
    if (known) this.run();
    else this.pair();
  }

  run() {
    this.pairing = null;
    clearTimeout(this.again);
    this.onStart();
    this.protocol.start();
  }

  /** @param {import('./protocol.js').Status} status */
  onStatus(status) {
    clearTimeout(this.offSoon);
    if (isOff(this.protocol)) {
      // A drop that heals within a second is not shown; longer is, well within the five seconds allowed.
      this.offSoon = setTimeout(() => {
        this.off = true;
        this.draw();
      }, this.protocol.fellSilent ? 0 : 900);
    } else if (status === 'live') {
      this.off = false;
      this.draw();
    } else if (status === 'signed_out') this.forget();
  }

  /** The pairing is no longer one: its own house has said so. */
  forget() {
    this.memory.set(null);
    this.protocol.stop();
    if (!this.pairing) this.pair();
  }

  /** What it shows is refused. That is no word about the pairing; who has none may not see it, and is to be paired. */
  refused() {
    if (this.memory.get()) this.again = setTimeout(() => this.onStart(), REFUSED_ASK_EVERY_MS);
    else this.forget();
    this.draw();
  }

  async token() {
    const s = this.session;
    if (s.access && performance.now() < s.endsAt - 60000) return s.access;
    return this.renew();
  }

  /** @returns {Promise<string|null>} */
  async renew() {
    const known = this.memory.get();
    if (!known) return this.session.renew();
    try {
      await this.signIn(known);
    } catch (refusal) {
      if (!(refusal instanceof Refusal && (refusal.code === 'wrong_credentials' || refusal.code === 'forbidden'))) throw refusal;
      // Another house at this address (its disk is not mounted, say) cannot revoke what ours has given: ours is away.
      if (known.house && this.session.house && known.house !== this.session.house) throw new Refusal({ code: 'offline' });
      return null;
    }
    this.keep(known);
    return this.session.access;
  }

  /** @param {{screen: string, secret: string}} pairing */
  signIn(pairing) {
    return within(ANSWER_WITHIN_MS, (signal) => this.session.signIn({ screen: pairing.screen, secret: pairing.secret }, signal));
  }

  /** The pairing, with the house that it holds in. @param {{screen: string, secret: string}} pairing */
  keep(pairing) {
    this.memory.set({ screen: pairing.screen, secret: pairing.secret, house: this.session.house || undefined });
  }

  async pair() {
    try {
      this.pairing = await within(ANSWER_WITHIN_MS, (signal) => call('POST', '/api/v1/screens', { body: { [this.kind]: this.id }, signal }));
      this.off = false;
    } catch (refusal) {
      this.pairing = { code: null, trouble: refusal.code };
    }
    this.draw();
    setTimeout(() => this.asked(Date.now()), this.isUnknown ? UNKNOWN_ASK_EVERY_MS : ASK_EVERY_MS);
  }

  /** There is no board or room of this id. */
  get isUnknown() {
    return !!this.pairing && this.pairing.trouble === 'forbidden';
  }

  /** Has somebody approved the code? @param {number} since */
  async asked(since) {
    const p = this.pairing;
    if (!p) return;
    if (!p.code) {
      this.pair();
      return;
    }
    try {
      await this.signIn(p);
      this.keep(p);
      this.run();
      this.draw();
      return;
    } catch (refusal) {
      this.off = refusal.code === 'offline';
      this.draw();
    }
    // Clinic time is known once there was a connection; before it, ten minutes by this machine.
    const { clock } = this.protocol;
    const expired = clock.known && p.expires_at && Date.parse(p.expires_at) < clock.now();
    if (expired || Date.now() - since > 600000) this.pair();
    else setTimeout(() => this.asked(since), ASK_EVERY_MS);
  }

  /** @param {Element} main */
  drawPairing(main) {
    const p = this.pairing;
    if (this.isUnknown) {
      render(main, h('section', { class: 'pairing', key: 'unknown', 'data-unknown': this.id },
        ['zh', 'en'].map((lang) => h('div', { key: lang, lang: lang === 'en' ? 'en' : undefined },
          h('h1', null, t(`pairing.unknown_${this.kind}`, { id: this.id }, lang)), h('p', null, t('pairing.unknown_more', null, lang))))));
      return;
    }
    if (!p && this.memory.get()) {
      // It is paired and its house is away: nobody has to approve anything.
      render(main, h('section', { class: 'pairing', key: 'away', 'data-away': 'true' },
        h('h1', null, t('offline.screen_never', null, 'zh')), h('p', { lang: 'en' }, t('offline.screen_never', null, 'en'))));
      return;
    }
    render(main, h('section', { class: 'pairing', key: 'pairing' },
      h('h1', null, `${t('pairing.title', null, 'zh')} `, h('span', { lang: 'en' }, t('pairing.title', null, 'en'))),
      p && p.code
        ? h('div', { class: 'code num', 'data-pairing-code': p.code }, p.code)
        : h('p', null, t(p ? 'pairing.no_code' : 'pairing.starting', null, 'zh')),
      h('p', null, t('pairing.how', null, 'zh')),
      h('p', { lang: 'en' }, t('pairing.how', null, 'en')),
      h('p', null, t('pairing.which', { id: this.id }, 'zh')),
      this.lacksChinese ? h('p', { lang: 'en', 'data-no-font': '' }, t('board.no_font', null, 'en')) : null));
  }
}
