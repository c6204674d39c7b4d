// The counter and the corridor in a hurry: a scanner at the desk, a clinic clock that is not the machine's, a network that
// goes away, and what each page then says.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Browser, choose, columnIs, Hospital, inHand, ONE_SLOT, pause, residentNumber, SIZES } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const NAMES = ['张小三', '欧阳雪', '何伟', '司马光', '周海燕', '李芳'];

let hospital;
let browser;
let desk;

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  for (const [i, name] of NAMES.entries()) {
    await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, `19${60 + i * 7}-02-0${i + 1}`, i + 1));
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});
after(async () => {
  await browser?.close();
  await hospital?.close();
});

/** A scanner: the keys of a text and Enter, eight milliseconds each. */
async function scan(text) {
  await desk.keyboard.type(text, { delay: 8 });
  await desk.keyboard.press('Enter');
}

test('a scanner: Enter at once checks in, also one number after another', async () => {
  await desk.click('#search');
  await scan('A001');
  await columnIs(desk, A, ['A001']);
  // As some scanners do it: Enter twice. It is one wish.
  await scan('A002');
  await desk.keyboard.press('Enter');
  await columnIs(desk, A, ['A001', 'A002']);
  for (const number of ['A003', 'A004']) {
    await scan(number);
    await pause(700);
  }
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004']);
  assert.equal(await desk.inputValue('#search'), '');
  assert.equal(await desk.$('[data-notice]'), null);
  // What nobody has stays marked: the next scan takes its place.
  await scan('X999');
  await desk.waitForSelector('.found .empty');
  await scan('A005');
  await columnIs(desk, A, ['A001', 'A002', 'A003', 'A004', 'A005']);
});
