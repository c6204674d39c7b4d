// Who came without a document is known by the one that is seen later; who is known gets a hospital card beside it; both can be
// taken back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, drawn, Hospital, ONE_SLOT, residentNumber, SIZES } from './hospital.mjs';

const FORM = '[data-form=register_walk_in]';
const BIND = 'dialog [data-form=bind_person]';
const NUMBER = residentNumber('1962-05-06', 21);

let hospital;
let browser;
let desk;

const shot = async (name) => process.env.SHOTS && desk.screenshot({ path: `${process.env.SHOTS}/${name}.png` });

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

test('somebody without a document takes a number, and is named by the document that is seen later', async () => {
  await desk.click('[data-side=walk_in]');
  await drawn(desk);
  await desk.selectOption(`${FORM} [name=kind]`, 'none');
  await drawn(desk);
  await desk.selectOption(`${FORM} [name=sex]`, 'male');
  await desk.click('[data-action=register_walk_in]');
  const number = await (await desk.waitForSelector('.slip .number, [data-slip] .number, .slip b')).textContent();
  await desk.fill('#search', number.trim());
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('[data-chosen]');
  await desk.click('[data-chosen] [data-action=read_document]');
  await desk.click('[data-documents="0"] [data-action=bind_document]');
  await desk.waitForSelector(BIND);
  await drawn(desk);
  await shot('bind-first');
  await desk.fill(`${BIND} [name=name]`, '欧阳建国');
  await desk.fill(`${BIND} [name=number]`, NUMBER);
  await desk.click(`${BIND} [data-action=bind_person]`);
  await desk.waitForSelector('[data-chosen] .top:has-text("欧阳建国")');
  await desk.waitForSelector(`[data-documents="1"]:has-text("${NUMBER}")`);
  await shot('bound');
});

test('a hospital card beside it is the same person, until that was a mistake', async () => {
  await desk.click('[data-documents="1"] [data-action=bind_document]');
  await desk.waitForSelector(BIND);
  await drawn(desk);
  await desk.selectOption(`${BIND} [name=kind]`, 'hospital_card');
  await desk.fill(`${BIND} [name=number]`, 'C-4711');
  await shot('bind-card');
  await desk.click(`${BIND} [data-action=bind_person]`);
  await desk.waitForSelector('#undo:has-text("欧阳建国的证件已登记")');
  const card = { document_kind: 'hospital_card', document_number: 'C-4711', site: 'renmin', name: '欧阳建国', sex: 'male' };
  const byNumber = { document_kind: 'resident_id', document_number: NUMBER, name: '欧阳建国', sex: 'male', birth_date: '1962-05-06' };
  const who = async (body) => (await hospital.call('POST', '/persons', body, hospital.desk)).patient;
  assert.equal(await who(card), await who(byNumber));
  await desk.click('#undo [data-action=undo_last]');
  for (let same = true; same;) same = (await who(card)) === (await who(byNumber));
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
