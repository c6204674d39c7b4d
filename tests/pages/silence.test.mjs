// A network that dies without a word: nothing is closed, nothing comes. The phone says so itself within two beats, and since
// when; what it shows is grey; when the network is there again it goes on.

import assert from 'node:assert/strict';
import net from 'node:net';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, residentNumber, SIZES } from './hospital.mjs';

const PHONE = '13912345670';
/** Two beats of a phone (PROTOCOL: 20 s each), and what a busy machine may add. */
const TWO_BEATS_MS = 2 * 20000 + 3000;

let hospital;
let browser;
let between;
/** Nothing goes through while it is dead; whoever connects waits. */
let dead = false;
const waiting = [];

/** A wire between the browser and the house. */
function wire(port) {
  return net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    near.on('data', (bytes) => (dead ? waiting.push(() => far.write(bytes)) : far.write(bytes)));
    far.on('data', (bytes) => (dead ? waiting.push(() => near.write(bytes)) : near.write(bytes)));
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => dead || other.destroy());
    }
  });
}

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define(ONE_SLOT);
  between = wire(hospital.port);
  await new Promise((resolve) => between.listen(0, '127.0.0.1', resolve));
  browser = await new Browser(`http://127.0.0.1:${between.address().port}`).start();
});
after(async () => {
  await browser?.close();
  between?.close();
  await hospital?.close();
});

test('a phone on a silently dead network says within two beats that it is offline, and since when', async () => {
  const { device } = await hospital.call('POST', '/session/code', { phone: PHONE });
  const token = (await hospital.call('POST', '/session', { phone: PHONE, code: hospital.codeOf(PHONE), device })).access_token;
  const person = { document_kind: 'resident_id', document_number: residentNumber('1992-03-07', 17), name: '张小三', sex: 'male', birth_date: '1992-03-07', relation: 'self' };
  const { patient } = await hospital.call('POST', '/persons', person, token);
  const phone = await browser.open(`/patient#token=${token}&patient=${patient}`, SIZES.phone);
  await phone.waitForSelector('.who:has-text("张小三")');
  dead = true;
  browser.serverIsDown = true;
  const began = performance.now();
  const band = await phone.waitForSelector('jh-offline-band[shown]', { timeout: TWO_BEATS_MS + 5000 });
  const after_ms = performance.now() - began;
  assert.ok(after_ms < TWO_BEATS_MS, `${Math.round(after_ms)} ms`);
  assert.match(await band.textContent(), /网络断开,以下是 08:\d\d 的情况/);
  dead = false;
  for (const send of waiting.splice(0)) send();
  await phone.waitForSelector('jh-offline-band:not([shown])', { state: 'attached' });
});

test('no page complained, none asked another origin or broke its policy', () => assert.deepEqual(browser.complaints, []));
