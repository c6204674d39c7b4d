// /doctor: the console. Wires session, streams, keys and the view; holds no rule of the clinic.

import '../components/undo-bar.js';
import { wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { titleWord, wordsOf } from '../lib/words.js';
import { editKeys } from './keys.js';
import { openConsole } from './open.js';
import { beginView, workView } from './view.js';

/** @type {import('./open.js').Console|null} */
let opened = null;
let tab = 'waiting';

/** @param {import('../lib/page.js').Page} page */
async function start(page) {
  opened = await openConsole(page);
}

const page = openPage({ mode: 'staff', roles: ['doctor'], start, draw });

function draw() {
  top();
  if (!opened) return skeleton();
  const { model, actions, persons, answers, site } = opened;
  if (model.refused) {
    return h('p', { class: 'empty' }, h('b', null, t('doctor.refused')), wordsOf(model.refused));
  }
  if (!model.value) return skeleton();
  actions.lookAtUndo();
  const clock = page.protocol.clock;
  const look = {
    model, actions, persons, answers, tab, now: clock.now(), offsetMinutes: clock.offsetMinutes,
    setTab: (/** @type {string} */ name) => {
      tab = name;
      page.draw();
    },
    keys: () => {
      editKeys(page.draw);
    },
    // Beside another program on the screen; it stays in step with this page.
    caller: () => window.open('/caller', 'jiaohao.caller', 'popup,width=320,height=120'),
  };
  return model.work ? workView(look) : beginView(look, site);
}

function top() {
  const clock = page.protocol.clock;
  find('#undo').again();
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
  const model = opened && opened.model;
  const value = model && model.value;
  const work = model && model.work;
  const department = model && model.departmentName;
  render(find('#place'), [
    h('b', { key: 'where' }, work
      ? [department ? named(department.name, department.name_en) : '', work.service_point_name].filter(Boolean).join(' · ')
      : t('doctor.title')),
    value ? h('span', { class: 'muted', key: 'who' }, `${named(value.name, value.name_en)} ${titleWord(value.title)}`) : null,
  ]);
  render(find('#me'), page.session.access
    ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'sign_out', onclick: () => page.session.signOut() }, t('sign_out'))
    : []);
}

function skeleton() {
  return h('div', { class: 'begin', key: 'skeleton', 'aria-busy': 'true' },
    [1, 2, 3, 4].map((n) => h('p', { class: 'skeleton', key: n })));
}
