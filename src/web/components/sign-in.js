// <jh-sign-in mode="staff|phone">: name and password for staff, phone and one-time code for patients.

import { h, render } from '../lib/dom.js';
import { onLanguage, t } from '../lib/i18n.js';
import { wordsOf } from '../lib/words.js';

/** Codes may be sent again after this long. */
const AGAIN_S = 60;

class SignIn extends HTMLElement {
  constructor() {
    super();
    /** @type {any} */
    this.signs = null;
    this.left = 0;
    /** The number a code was sent to. @type {string|null} */
    this.phone = null;
    /** Where it was sent: to the phone, or to the server's own outbox. @type {string|undefined} */
    this.sentTo = undefined;
  }

  /** @param {import('../lib/session.js').Session} session */
  set session(session) {
    this.signs = session;
    if (!this.off) this.off = onLanguage(() => this.draw());
    this.draw();
  }

  disconnectedCallback() {
    if (this.off) this.off();
    clearInterval(this.timer);
  }

  /** @param {string} name */
  value(name) {
    const field = /** @type {any} */ (this.querySelector(`[name="${name}"]`));
    return field ? field.value.trim() : '';
  }

  /** @param {() => Promise<any>} ask @param {() => void} [then] */
  async send(ask, then) {
    this.busy = true;
    this.problem = null;
    this.draw();
    try {
      await ask();
      if (then) then();
    } catch (refusal) {
      this.problem = wordsOf(refusal, `sign_in_${this.getAttribute('mode')}`);
    }
    this.busy = false;
    if (this.isConnected) this.draw();
  }

  /** @param {Event} event */
  submitStaff(event) {
    event.preventDefault();
    const password = /** @type {any} */ (this.querySelector('[name="password"]')).value;
    const name = this.value('name');
    this.send(() => this.signs.signIn({ name, password }));
  }

  /** @param {Event} event */
  submitPhone(event) {
    event.preventDefault();
    if (!this.phone) {
      this.askCode(this.value('phone'));
      return;
    }
    const [phone, code] = [this.phone, this.value('code')];
    this.send(() => this.signs.signIn({ phone, code, device: this.signs.device }));
  }

  /** @param {string} phone */
  askCode(phone) {
    const ask = async () => {
      this.sentTo = (await this.signs.askCode(phone)).sent_to;
    };
    this.send(ask, () => {
      this.phone = phone;
      this.left = AGAIN_S;
      clearInterval(this.timer);
      this.timer = setInterval(() => {
        this.left -= 1;
        if (this.left <= 0) clearInterval(this.timer);
        this.draw();
      }, 1000);
      setTimeout(() => {
        const code = /** @type {any} */ (this.querySelector('[name="code"]'));
        if (code) code.focus();
      }, 50);
    });
  }

  draw() {
    const problem = this.problem ? h('p', { class: 'notice alarm', role: 'alert' }, this.problem) : null;
    render(this, this.getAttribute('mode') === 'phone' ? this.phoneForm(problem) : this.staffForm(problem));
  }

  /** @param {any} problem */
  staffForm(problem) {
    return h('form', { class: 'form', key: 'staff', onsubmit: (/** @type {Event} */ e) => this.submitStaff(e) },
      h('label', { class: 'field' }, h('span', null, t('sign_in.name')),
        h('input', { class: 'input', name: 'name', autocomplete: 'username', autocapitalize: 'off', required: true, autofocus: true })),
      h('label', { class: 'field' }, h('span', null, t('sign_in.password')),
        h('input', { class: 'input', name: 'password', type: 'password', autocomplete: 'current-password', required: true })),
      problem,
      h('button', { class: 'btn primary wide', 'data-action': 'sign_in', 'aria-busy': String(!!this.busy), disabled: !!this.busy },
        t('sign_in.go')));
  }

  /** @param {any} problem */
  phoneForm(problem) {
    const sent = !!this.phone;
    const isTold = this.sentTo === 'local_outbox';
    return h('form', { class: 'form', key: 'phone', onsubmit: (/** @type {Event} */ e) => this.submitPhone(e) },
      sent
        ? h('p', { key: 'sent', class: 'notice' }, t(isTold ? 'sign_in.code_at_desk' : 'sign_in.code_sent', { phone: this.phone }))
        : h('label', { key: 'phone', class: 'field' }, h('span', null, t('sign_in.phone')),
          h('input', {
            class: 'input', name: 'phone', type: 'tel', inputmode: 'tel', autocomplete: 'tel', pattern: '\\+?[0-9]{6,15}', required: true,
          })),
      sent
        ? h('label', { key: 'code', class: 'field' }, h('span', null, t(isTold ? 'sign_in.code_told' : 'sign_in.code')),
          h('input', {
            class: 'input code', name: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[0-9]{4,8}', required: true,
          }))
        : null,
      problem,
      h('button', {
        class: 'btn primary wide', 'data-action': sent ? 'sign_in' : 'send_code', 'aria-busy': String(!!this.busy), disabled: !!this.busy,
      }, t(sent ? 'sign_in.go' : 'sign_in.send_code')),
      sent
        ? h('div', { key: 'again', class: 'buttons' },
          h('button', {
            type: 'button', class: 'btn quiet', 'data-action': 'other_phone',
            onclick: () => {
              this.phone = null;
              this.problem = null;
              this.draw();
            },
          }, t('sign_in.other_phone')),
          h('button', {
            type: 'button', class: 'btn quiet', 'data-action': 'send_code_again', disabled: this.left > 0,
            onclick: () => this.askCode(this.phone || ''),
          }, this.left > 0 ? t('sign_in.again_in', { s: this.left }) : t('sign_in.again')))
        : null);
  }
}

customElements.define('jh-sign-in', SignIn);
