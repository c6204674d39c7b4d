// <jh-connection>: the word and dot that say whether the page is current. <jh-offline-band>: since when it is not, and
// what still works, and that nothing can be saved. Both follow one Protocol. Chromium 70 syntax: screens use them.

import { wall } from '../lib/clock.js';
import { h, render } from '../lib/dom.js';
import { onLanguage, t } from '../lib/i18n.js';

/** `HH:MM` of the protocol's last data, on the site's wall clock; empty when there was none. @param {any} protocol */
export function lastDataClock(protocol) {
  return protocol.lastDataAt === null ? '' : wall(protocol.lastDataAt, protocol.clock.offsetMinutes).clock;
}

/** What stands on the page may be over by now. @param {any} protocol */
export const isOff = (protocol) => protocol.status === 'offline' || protocol.status === 'stopped';

/** Shows the status of the protocol it is given. */
class Connection extends HTMLElement {
  /** @param {any} protocol */
  set protocol(protocol) {
    if (!protocol || this.follows === protocol) return;
    this.follows = protocol;
    this.setAttribute('role', 'status');
    protocol.onStatus(() => this.draw());
    onLanguage(() => this.draw());
  }

  draw() {
    const status = this.follows.status;
    const state = status === 'live' ? 'live' : isOff(this.follows) ? 'offline' : 'connecting';
    this.setAttribute('state', state);
    render(this, [h('span', { class: 'dot', 'aria-hidden': 'true' }), h('span', null, t(`connection.${state}`))]);
  }
}

/** A band across the page while it is not current, and (`full` is the key of its text) while the server saves nothing.
 * `words` is the key of the text with `{time}`. */
class OfflineBand extends HTMLElement {
  /** @param {any} protocol */
  set protocol(protocol) {
    if (!protocol || this.follows === protocol) return;
    this.follows = protocol;
    this.setAttribute('role', 'status');
    protocol.onStatus(() => this.soon());
    protocol.onReadOnly(() => this.soon());
    onLanguage(() => this.draw());
  }

  /** A drop that heals at once is not worth a band. */
  soon() {
    clearTimeout(this.waiting);
    if (this.follows.status === 'offline') this.waiting = setTimeout(() => this.draw(), 600);
    else if (this.follows.status !== 'connecting') this.draw();
  }

  draw() {
    const off = isOff(this.follows);
    const time = lastDataClock(this.follows);
    const full = !off && this.follows.readOnly ? this.getAttribute('full') : null;
    if (off || full) this.setAttribute('shown', '');
    else this.removeAttribute('shown');
    document.documentElement.classList.toggle('is-offline', off);
    const key = this.getAttribute('words') || 'offline.band';
    render(this, off ? [time ? t(key, { time }) : t(`${key}_never`)] : full ? [t(full)] : []);
  }
}

customElements.define('jh-connection', Connection);
customElements.define('jh-offline-band', OfflineBand);
