// What a doctor's page begins with, the console's and the small caller's: who, where, which queues, and what can be done.

import { Answers } from '../lib/answers.js';
import { Persons } from '../lib/persons.js';
import { listenScans } from '../lib/scan.js';
import { prefix, Site } from '../lib/site.js';
import { Actions } from './actions.js';
import { listenKeys } from './keys.js';
import { Model } from './model.js';

/** How often the house is read again: rooms, queues and names change seldom, and all its sessions come along. */
const READ_EVERY_MS = 300000;

/** @typedef {{model: Model, actions: Actions, persons: Persons, answers: Answers, site: Site}} Console */

/** @param {import('../lib/page.js').Page} page @returns {Promise<Console>} */
export async function openConsole(page) {
  const doctor = page.session.who.doctor;
  const persons = new Persons(page.session, page.draw);
  const answers = new Answers(page.session, page.draw);
  const site = new Site(page.session, prefix(doctor, 1), page.protocol.clock);
  const model = new Model(page, site, doctor);
  // Calling goes on by the sockets, whether or not the house can be read.
  site.follow(page, READ_EVERY_MS, () => model.changed([]));
  const actions = new Actions(page, model, persons);
  listenKeys(() => !!model.work);
  // Nothing is scanned at a console.
  listenScans('', () => {});
  setInterval(page.draw, 1000);
  return { model, actions, persons, answers, site };
}
