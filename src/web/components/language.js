// <jh-language>: the switch between Chinese and English.

import { h, render } from '../lib/dom.js';
import { language, onLanguage, setLanguage, t } from '../lib/i18n.js';

class Language extends HTMLElement {
  connectedCallback() {
    this.draw();
    this.off = onLanguage(() => this.draw());
  }

  disconnectedCallback() {
    if (this.off) this.off();
  }

  draw() {
    const other = language() === 'zh' ? 'en' : 'zh';
    render(this, h('button', {
      type: 'button', lang: other === 'zh' ? 'zh-CN' : 'en', 'data-action': 'switch_language', onclick: () => setLanguage(other),
    }, t(`language.${other}`)));
  }
}

customElements.define('jh-language', Language);
