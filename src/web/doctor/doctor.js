// /doctor: the console. Wires session, streams, keys and the view; holds no rule of the clinic.

import '../components/undo-bar.js';
import { wall } from '../lib/clock.js';
import { find, h, render } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { openPage } from '../lib/page.js';
import { Persons } from '../lib/persons.js';
import { prefix, Site } from '../lib/site.js';
import { wordsOf } from '../lib/words.js';
import { Actions } from './actions.js';
import { editKeys, listenKeys } from './keys.js';
import { Model } from './model.js';
import { beginView, workView } from './view.js';

/** @type {Model|null} */
let model = null;
/** @type {Actions|null} */
let actions = null;
/** @type {Persons|null} */
let persons = null;
/** @type {Site|null} */
let site = null;
let tab = 'waiting';

/** @param {import('../lib/page.js').Page} page */
async function start(page) {
  const doctor = page.session.who.doctor;
  persons = new Persons(page.session, page.draw);
  site = new Site(page.session, prefix(doctor, 1), page.protocol.clock);
  try {
    await site.read();
  } catch (refusal) {
    page.notify(wordsOf(refusal));
  }
  model = new Model(page, site, doctor);
  actions = new Actions(page, model, persons);
  listenKeys(() => !!model && !!model.work);
  setInterval(page.draw, 1000);
}

const page = openPage({ mode: 'staff', roles: ['doctor'], start, draw });

function draw() {
  top();
  if (model && model.refused) {
    return h('p', { class: 'empty' }, h('b', null, t('doctor.refused')), wordsOf(model.refused));
  }
  if (!model || !model.value || !actions || !persons || !site) return skeleton();
  const clock = page.protocol.clock;
  const look = {
    model, actions, persons, tab, now: clock.now(), offsetMinutes: clock.offsetMinutes,
    setTab: (/** @type {string} */ name) => {
      tab = name;
      page.draw();
    },
    keys: () => {
      editKeys(page.draw);
    },
  };
  return model.work ? workView(look) : beginView(look, site);
}

function top() {
  const clock = page.protocol.clock;
  render(find('#clock'), clock.known ? wall(clock.now(), clock.offsetMinutes).clock : '');
  const value = model && model.value;
  const work = model && model.work;
  const department = model && model.departmentName;
  render(find('#place'), [
    h('b', { key: 'where' }, work
      ? [department ? named(department.name, department.name_en) : '', work.service_point_name].filter(Boolean).join(' · ')
      : t('doctor.title')),
    value ? h('span', { class: 'muted', key: 'who' }, `${value.name} ${value.title || ''}`) : null,
  ]);
  render(find('#me'), page.session.access
    ? h('button', { type: 'button', class: 'btn quiet small', 'data-action': 'sign_out', onclick: () => page.session.signOut() }, t('sign_out'))
    : []);
}

function skeleton() {
  return h('div', { class: 'begin', key: 'skeleton', 'aria-busy': 'true' },
    [1, 2, 3, 4].map((n) => h('p', { class: 'skeleton', key: n })));
}
