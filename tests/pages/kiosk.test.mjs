// /kiosk: somebody alone in front of a machine. Check-in by scan, by document and by number with birthday; reporting back; a
// slip; and nothing of one person left for the next.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { Browser, columnIs, drawn, Hospital, looks, ONE_SLOT, PASSWORD, residentNumber, SIZES } from './hospital.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const QUEUE = 'renmin.xinnei.liming';
const PEOPLE = [['张小三', '1953-04-23'], ['欧阳雪莉', '1960-12-01'], ['何伟', '1971-07-09'], ['赵丽', '1980-02-28']];

let hospital;
let browser;
let desk;
let kiosk;
const booked = [];

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  for (const [i, [name, born]] of PEOPLE.entries()) booked.push(await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, born, i + 1)));
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  kiosk = await browser.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

const at = (view) => kiosk.waitForSelector(`[data-view=${view}]`);
const press = async (text) => {
  for (const key of text) await kiosk.click(`[data-key="${key}"]`);
};
/** What a hand scanner does: types and presses Enter. */
const scan = (page, text) => page.keyboard.type(`${text}\n`);
const codeOf = async (ticket) => (await hospital.call('GET', `/tickets/${ticket}/code`, undefined, hospital.desk)).code;
const ticketOf = async (number) => (await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: number }, hospital.desk)).appointments[0].ticket;

test('who comes too early is told from when on, and is asked nothing; then the button is there', async () => {
  const early = await new Hospital({ speed: 30, start: '2026-11-23T07:25:00+08:00' }).open();
  await early.define(ONE_SLOT);
  await early.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  const usual = await fetch(`${early.base}/api/v1/questions/usual?site=renmin&department=renmin.xinnei`).then((r) => r.json());
  await early.call('PUT', '/questions', { ...usual, version: 1 });
  await early.book('renmin.xinnei.s1', '08:30', await early.person('张小三', '1953-04-23', 1));
  const other = await new Browser(early.base).start();
  try {
    const page = await other.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
    await page.waitForSelector('[data-view=start]');
    await page.click('[data-way=document]');
    await page.keyboard.type(`${residentNumber('1953-04-23', 1)}\n`);
    await page.waitForSelector('[data-view=found] [data-opens]:has-text("07:30 起可以签到")');
    assert.equal(await page.$('[data-action=check_in]'), null);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/kiosk-early.png` });
    await page.click('[data-action=check_in]');
    await page.waitForSelector('[data-view=questions]');
  } finally {
    await other.close();
    await early.close();
  }
  assert.deepEqual(other.complaints, []);
});

test('the start shows three ways and the code for phones', async () => {
  await at('start');
  await kiosk.waitForSelector('[data-area-code]:not([data-area-code=""]) img');
  assert.match(await kiosk.getAttribute('[data-area-code]', 'data-area-code'), /^\d{6}$/);
  assert.equal((await kiosk.$$('[data-way]')).length, 3);
});

test('a scanned code checks in with one press, and the slip has number, masked name and code', async () => {
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 30 }, hospital.desk);
  await scan(kiosk, await codeOf(await ticketOf('A001')));
  await at('found');
  // Whose clinic, when, and that it is late.
  await kiosk.waitForSelector('[data-ticket] small:has-text("李明 主任医师 · 预约 08:30 · 约晚 30 分钟")');
  if (process.env.PICTURES) await kiosk.screenshot({ path: `${process.env.PICTURES}/kiosk-found.png` });
  await kiosk.click('[data-action=check_in]');
  await at('done');
  await kiosk.waitForSelector('[data-number="A001"]');
  await kiosk.waitForSelector('#slip img', { state: 'attached' });
  const slip = await kiosk.$eval('#slip', (one) => one.textContent);
  assert.ok(slip.includes('A001') && slip.includes('张*三') && !slip.includes('张小三'), slip);
  const pdf = await kiosk.pdf({ width: '80mm', height: '150mm' });
  assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 1, 'one slip is one page');
  await columnIs(desk, QUEUE, ['A001']);
  await kiosk.click('[data-action=home]');
  await at('start');
  assert.ok(!(await kiosk.content()).includes('张*三'), 'nothing is left for the next person');
});

test('the whole document, typed on the glass', async () => {
  await kiosk.click('[data-way=document]');
  await at('document');
  // Three in a row, as on a telephone.
  const rows = await kiosk.$$eval('.keys [data-key]', (all) => {
    const lines = new Map();
    for (const one of all) {
      const { top } = one.getBoundingClientRect();
      lines.set(top, (lines.get(top) || '') + one.dataset.key);
    }
    return [...lines.values()];
  });
  assert.deepEqual(rows, ['123', '456', '789', 'X0']);
  await press(residentNumber('1960-12-01', 2));
  if (process.env.PICTURES) await kiosk.screenshot({ path: `${process.env.PICTURES}/kiosk-typed.png` });
  await kiosk.click('[data-action=find]');
  await at('found');
  await kiosk.click('[data-ticket] [data-action=check_in]');
  await kiosk.waitForSelector('[data-number="A002"]');
  await columnIs(desk, QUEUE, ['A001', 'A002']);
  await kiosk.click('[data-action=home]');
});

test('number and birthday; the wrong birthday finds nothing and three of them end it', async () => {
  const type = async (birthday) => {
    await kiosk.click('[data-way=number]');
    await press('A3');
    await kiosk.click('[data-action=find]');
    await at('birthday');
    await kiosk.keyboard.type(birthday);
    await kiosk.keyboard.press('Enter');
  };
  await type('0710');
  await kiosk.waitForSelector('[data-found="0"]');
  await looks(kiosk);
  if (process.env.PICTURES) await kiosk.screenshot({ path: `${process.env.PICTURES}/kiosk-nothing.png` });
  // The number stands there still: only the birthday was wrong.
  await kiosk.click('[data-action=try_again]:has-text("再试一次")');
  await at('number');
  assert.equal(await kiosk.innerText('.typed'), 'A3');
  await kiosk.click('[data-action=find]');
  await at('birthday');
  await kiosk.keyboard.type('0709');
  await kiosk.keyboard.press('Enter');
  await kiosk.waitForSelector('[data-ticket]');
  await kiosk.click('[data-action=check_in]');
  await kiosk.waitForSelector('[data-number="A003"]');
  await kiosk.click('[data-action=home]');
  browser.serverIsDown = true; // Chromium notes the 429 below as an error
  for (let i = 0; i < 3; i += 1) {
    await type('0101');
    await kiosk.waitForSelector('[data-found="0"]');
    await kiosk.click('[data-action=home]');
  }
  await type('0709');
  await kiosk.waitForSelector('[data-notice=back_off]:has-text("分诊台")');
  browser.serverIsDown = false;
  await kiosk.click('[data-action=home]');
});

test('who has missed the call reports back alone', async () => {
  const token = await hospital.signIn('liming');
  const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.xinnei', service_point: 'renmin.xinnei.r3' }, token);
  const next = { department: 'renmin.xinnei', assignment, in_hand: null, outcome: null };
  const { called } = await hospital.call('POST', '/calls/next', next, token);
  await hospital.call('POST', '/calls/recall', { call: called.call }, token);
  // A minute and a half of the clinic's clock.
  for (let i = 0; ; i += 1) {
    const missed = await hospital.call('POST', '/tickets/mark-missed', { ticket: called.ticket }, token).then(() => true, () => false);
    if (missed) break;
    assert.ok(i < 200, 'it can be missed by now');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await scan(kiosk, await codeOf(called.ticket));
  await at('found');
  await kiosk.click('[data-action=report_back]');
  await at('done');
  await kiosk.waitForSelector('.stage.done .say:has-text("前面还有"), .stage.done .say:has-text("下一位")');
  await kiosk.click('[data-action=home]');
});

test('what comes for somebody who has gone is shown to nobody', async () => {
  await kiosk.route('**/arrivals/find', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  const answered = kiosk.waitForResponse('**/arrivals/find');
  await kiosk.click('[data-way=document]');
  await kiosk.keyboard.type(residentNumber('1960-12-01', 2));
  assert.ok(!(await kiosk.innerText('.typed')).includes('19601201'), 'the hall does not read it');
  await kiosk.keyboard.press('Enter');
  await kiosk.click('[data-action=home]');
  await answered;
  await kiosk.waitForTimeout(300);
  await at('start');
  await kiosk.unroute('**/arrivals/find');
});

/** What the page asks for and sends, held back: given out one by one, in their order. */
const heldBack = () => {
  const all = [];
  const next = async () => {
    for (let tries = 0; !all.length; tries += 1) {
      assert.ok(tries < 400, 'nothing comes');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return all.shift();
  };
  return { all, next };
};
const answeredIn = async (page, route) => {
  const answered = page.waitForResponse('**/arrivals/find');
  await route.continue();
  await (await answered).finished();
  await drawn(page);
};

test('an answer that comes late leaves the next person’s screen as it is', async () => {
  const { tickets: [second] } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: 'A002' }, hospital.desk);
  const code = await codeOf(second.ticket);
  const asked = heldBack();
  await kiosk.route('**/arrivals/find', (route) => asked.all.push(route));
  const first = async (document) => {
    await kiosk.click('[data-way=document]');
    await kiosk.keyboard.type(`${document}\n`);
    const route = await asked.next();
    await kiosk.click('[data-action=home]');
    await at('start');
    return route;
  };
  // It finds somebody, or nobody.
  for (const document of [residentNumber('1953-04-23', 1), residentNumber('1999-01-01', 99)]) {
    const late = await first(document);
    await scan(kiosk, code);
    await answeredIn(kiosk, await asked.next());
    await kiosk.waitForSelector('[data-view=done] [data-number="A002"]');
    await kiosk.waitForSelector('#slip img', { state: 'attached' });
    await answeredIn(kiosk, late);
    await kiosk.waitForTimeout(200);
    await kiosk.waitForSelector('[data-view=done] [data-number="A002"]');
    assert.match(await kiosk.textContent('#slip'), /A002/);
    await kiosk.click('[data-action=home]');
  }
  // It comes before the next one's: that is still looked for, once.
  const late = await first(residentNumber('1953-04-23', 1));
  await scan(kiosk, code);
  const own = await asked.next();
  await answeredIn(kiosk, late);
  await kiosk.waitForSelector('.say:has-text("正在查找")');
  await scan(kiosk, code);
  await answeredIn(kiosk, own);
  await kiosk.waitForSelector('[data-view=done] [data-number="A002"]');
  assert.equal(asked.all.length, 0, 'it is asked once');
  // The next one scans while the last one's number is still shown.
  await scan(kiosk, await codeOf(await ticketOf('A004')));
  const next = await asked.next();
  await at('start');
  await drawn(kiosk);
  await answeredIn(kiosk, next);
  await kiosk.waitForSelector('[data-view=found] [data-action=check_in]');
  assert.ok(!(await kiosk.innerText('body')).includes('A002'), 'nothing is left of who was there before');
  assert.equal(await kiosk.textContent('#slip'), '');
  await kiosk.click('[data-action=home]');
  await kiosk.unroute('**/arrivals/find');
});

test('a check-in that is refused after the person has gone is said to nobody', async () => {
  const other = await browser.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
  const sent = heldBack();
  await other.routeWebSocket(/./, (socket) => {
    const house = socket.connectToServer();
    socket.onMessage((text) => {
      const frame = JSON.parse(text);
      if (!frame.command?.check_in) house.send(text);
      else sent.all.push(() => socket.send(JSON.stringify({ type: 'rejected', reply_to: frame.id, error: { code: 'too_late', title: 'Too late' } })));
    });
  });
  await other.reload();
  await other.waitForSelector('[data-view=start]');
  const code = await codeOf(await ticketOf('A004'));
  const checkIn = async () => {
    await scan(other, code);
    await other.click('[data-view=found] [data-action=check_in]');
    return sent.next();
  };
  const late = await checkIn();
  await other.click('[data-action=home]');
  const own = await checkIn();
  late();
  await other.waitForTimeout(200);
  assert.equal(await other.$('[data-notice]'), null, 'of who has gone');
  assert.ok(await other.$('[data-action=check_in]:disabled'), 'the next one’s is still on its way');
  own();
  await other.waitForSelector('[data-notice=too_late]');
  await other.waitForSelector('[data-view=found] [data-action=check_in]:enabled');
  await other.context().close();
});

test('without the server the machine sends people to the desk', async () => {
  browser.serverIsDown = true; // what cannot be reached is noted by the browser
  await kiosk.context().setOffline(true);
  await kiosk.waitForSelector('[data-view=offline]:has-text("请到分诊台")');
  assert.equal(await kiosk.$('[data-area-code]'), null);
  await kiosk.context().setOffline(false);
  await at('start');
  browser.serverIsDown = false;
});

test('the slip’s code is found by the desk’s own scanner', async () => {
  await desk.click('#search');
  await scan(desk, await codeOf(await ticketOf('A004')));
  await columnIs(desk, QUEUE, ['A002', 'A003', 'A004', 'A001']);
});

test('no word is out of place: axe finds nothing on any view, upright and lying', async () => {
  for (const size of [{ width: 1080, height: 1920 }, { width: 1920, height: 1080 }]) {
    await kiosk.setViewportSize(size);
    for (const way of [null, 'document', 'number']) {
      if (way) await kiosk.click(`[data-way=${way}]`);
      await at(way || 'start');
      await kiosk.evaluate(AXE);
      const { violations } = await kiosk.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));
      assert.deepEqual(violations.map((v) => [v.id, v.nodes.map((n) => n.target.join(' ')).join(', ')]), []);
      const wide = await kiosk.evaluate(() => document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight);
      assert.ok(!wide, `${way} scrolls at ${size.width} × ${size.height}`);
      const small = await kiosk.$$eval('main button', (all) => all.map((one) => one.getBoundingClientRect()).filter((box) => box.height < 56 || box.width < 56).length);
      assert.equal(small, 0, 'a finger finds every key');
      if (way) await kiosk.click('[data-action=home]');
    }
  }
});

test('a phone that scans the area’s code has it filled in', async () => {
  const number = '13700001234';
  const { device } = await hospital.call('POST', '/session/code', { phone: number });
  const token = (await hospital.call('POST', '/session', { phone: number, code: hospital.codeOf(number), device })).access_token;
  const person = { document_kind: 'resident_id', document_number: residentNumber('1991-01-09', 19), name: '白云', sex: 'male', birth_date: '1991-01-09', relation: 'self' };
  const { patient } = await hospital.call('POST', '/persons', person, token);
  await hospital.book('renmin.xinnei.s1', '08:30', patient);
  const code = await kiosk.getAttribute('[data-area-code]', 'data-area-code');
  const phone = await browser.open(`/patient#token=${token}&patient=${patient}&code=${code}`, SIZES.phone);
  await phone.waitForSelector('[data-form=check_in] [name=code]');
  assert.equal(await phone.inputValue('[data-form=check_in] [name=code]'), code);
  assert.ok(!phone.url().includes(code), 'nothing of it stays in the address');
});

test('a machine for several departments shows each one’s code to scan and to type, and fits', async () => {
  await hospital.call('PUT', '/staff', { id: 'zizhu2', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei', 'renmin.yanke'] });
  const both = await browser.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu2');
  await both.waitForSelector('.area.many [data-code] img');
  const codes = await both.$$eval('.area [data-code]', (all) => all.map((one) => [one.querySelectorAll('img').length, one.querySelector('b').textContent, one.dataset.code]));
  assert.equal(codes.length, 2);
  for (const [images, shown, code] of codes) assert.deepEqual([images, shown], [1, code]);
  assert.notEqual(codes[0][2], codes[1][2]);
  if (process.env.SHOTS) await both.screenshot({ path: `${process.env.SHOTS}/kiosk-many.png` });
  const wide = await both.evaluate(() => document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight);
  assert.ok(!wide, 'it scrolls');
  await both.context().close();
});
