// /: the ways in. Staff sign in here and are taken to the page of their role.

import '../components/language.js';
import '../components/sign-in.js';
import { find, h, render } from '../lib/dom.js';
import { applyWords, onLanguage, t } from '../lib/i18n.js';
import { Session } from '../lib/session.js';

/** @type {Object<string, string>} */
const PAGE_OF = { doctor: '/doctor', desk: '/desk', operator: '/ops', patient: '/patient', kiosk: '/kiosk' };

const session = new Session();
let asked = false;

function draw() {
  const role = session.access && session.who ? session.who.role : null;
  render(find('#staff'), role
    ? h('div', { class: 'signed', key: 'in' },
      h('h2', null, t('start.signed_in')),
      h('p', null, t('start.signed_in_as', { role: t(`role.${role}`) })),
      PAGE_OF[role] ? h('a', { class: 'btn primary wide', href: PAGE_OF[role], 'data-action': 'continue' }, t('start.go_on')) : null,
      h('button', { type: 'button', class: 'btn quiet wide', 'data-action': 'sign_out', onclick: () => session.signOut() }, t('sign_out')))
    : h('div', { key: 'out' }, h('h2', null, t('start.staff')), h('jh-sign-in', { mode: 'staff', session })));
}

session.onChange(() => {
  draw();
  const role = session.access && session.who ? session.who.role : null;
  if (asked && role && PAGE_OF[role]) location.assign(PAGE_OF[role]);
});

for (const kind of ['board', 'door']) {
  find(`#open-${kind}`).addEventListener('submit', (/** @type {any} */ event) => {
    event.preventDefault();
    location.assign(`/${kind}/${encodeURIComponent(event.target.elements.id.value.trim())}`);
  });
}

applyWords(document);
onLanguage(draw);
session.restore().catch(() => false).then(() => {
  asked = true;
  draw();
});
