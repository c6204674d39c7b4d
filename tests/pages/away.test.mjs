// The desk while the server cannot be reached: who comes is written down, the last order is printed, and all of it is merged in
// its order when the server is back, each judged by when they came; what does not fit is named.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, choose, columnIs, Hospital, pause, SIZES, TODAY, unseenFields } from './hospital.mjs';

const QUEUE = 'renmin.xinnei.liming';
const DEPARTMENTS = '[data-action=choose_department]';
let hospital;
let browser;
let desk;
/** How high the area's code is while all is well. */
let codeHeight;

const box = (selector) => desk.$eval(selector, (e) => e.getBoundingClientRect().toJSON());

before(async () => {
  hospital = await new Hospital({ start: `${TODAY}T08:40:00+08:00` }).open();
  await hospital.define([{ start: '08:30', minutes: 30, capacity: 30 }, { start: '09:00', minutes: 180, capacity: 30 }]);
  for (const [i, name] of ['张小三', '张小四', '欧阳雪莉', '何伟'].entries()) {
    await hospital.book('renmin.xinnei.s1', i < 3 ? '08:30' : '09:00', await hospital.person(name, `19${60 + i * 7}-02-0${i + 1}`, i + 1));
  }
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.waitForFunction(() => document.activeElement.id === 'search');
  await desk.keyboard.type('A004');
  await desk.click('[data-action=check_in]');
  await columnIs(desk, QUEUE, ['A004']);
  codeHeight = (await box('.area')).height;
  // From now on something is asked before the queue; nobody is kept out for it while the server is away.
  const usual = await fetch(`${hospital.base}/api/v1/questions/usual?site=renmin`).then((r) => r.json());
  await hospital.call('PUT', '/questions', { ...usual, version: 1 });
  await desk.waitForSelector('[data-row][data-number="A004"] [data-flag=unasked]');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

test('without the server the list takes who comes, and the last order is on paper', async () => {
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await desk.waitForSelector('jh-offline-band[shown]');
  await desk.waitForSelector('[data-away]');
  await desk.click('#search');
  for (const text of ['A003', '张小', 'A004', '没有的人', '何']) await desk.keyboard.type(`${text}\n`);
  await desk.waitForSelector('[data-entry]:nth-child(5)');
  assert.deepEqual(await desk.$$eval('[data-entry]', (all) => all.map((one) => one.dataset.entry)), Array(5).fill('written'));
  assert.ok(await desk.$('[data-action=print_order]'));
  assert.equal((await box('.area')).height, codeHeight, 'the code keeps its height');
  const [list, code] = [await box('.side .away'), await box('.area')];
  assert.ok(list.bottom <= code.top && code.bottom <= SIZES.desk.height, JSON.stringify([list, code]));
  // What the browser would put on paper at the moment at which the button asks it to.
  await desk.evaluate(() => {
    window.print = () => {
      window.printed = document.body.className;
    };
  });
  await desk.click('[data-action=print_order]');
  const printed = await desk.evaluate(() => window.printed);
  assert.match(printed, /on-paper-order/);
  const classes = await desk.evaluate(() => document.body.className);
  assert.doesNotMatch(classes, /on-paper/, 'and the page is itself again');
  await desk.evaluate((all) => {
    document.body.className = all;
  }, printed);
  await desk.emulateMedia({ media: 'print' });
  const paper = await desk.innerText('.paper');
  assert.ok(paper.includes('A004') && paper.includes('A003') && /\d\d:\d\d/.test(paper), paper);
  assert.ok(!paper.includes('何伟'), 'no whole name of who waits lies about on paper');
  assert.ok(!(await desk.isVisible('#search')));
  const sheets = (await desk.pdf({ format: 'A4' })).toString('latin1').match(/\/Type ?\/Page\b/g);
  assert.equal(sheets.length, 1, 'one sheet');
  await desk.emulateMedia({ media: null });
  await desk.evaluate((all) => {
    document.body.className = all;
  }, classes);
});

test('whole numbers of documents and phones lie about neither on the page nor on paper', async () => {
  await desk.click('#search');
  for (const text of ['110105196002010019', '13800138000']) await desk.keyboard.type(`${text}\n`);
  await desk.waitForSelector('[data-entry]:has-text("1101…0019")');
  await desk.waitForSelector('[data-entry]:has-text("138…8000")');
  const shown = await desk.textContent('#main');
  assert.ok(!shown.includes('110105196002010019') && !shown.includes('13800138000'), shown);
  for (const text of ['1101…0019', '138…8000']) await desk.click(`[data-entry]:has-text("${text}") [data-action=remove_entry]`);
  await desk.waitForSelector('[data-away="5"]');
});

test('the order that was read stays, with its time; one that was not read is not shown as an empty one', async () => {
  await desk.selectOption(DEPARTMENTS, 'renmin.yanke');
  await desk.waitForSelector('[data-unread="renmin.yanke"]:has-text("断网,没有这个科室的顺序")');
  assert.equal(await desk.$('.column'), null);
  assert.match(await desk.textContent('.paper h2'), /眼科 · 断网,没有这个科室的顺序/);
  assert.equal(await desk.$('.paper h3 + ol:empty'), null);
  await desk.selectOption(DEPARTMENTS, 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${QUEUE}"] [data-number="A004"]`);
  assert.match(await desk.textContent('.filters .muted'), /\d\d:\d\d 的顺序/);
  assert.match(await desk.textContent('.paper'), /心内科 · 候诊顺序\(截至 \d\d:\d\d\).*A004/);
  assert.equal(await desk.$eval('.ticket', (e) => getComputedStyle(e).filter), 'grayscale(1)');
});

test('back again, everybody is merged as they came; nobody is late for the network, and what does not fit is named', async () => {
  // What the desk has read of the site is from before the questions, and what it reads now is slow to come: nobody is merged by
  // what was.
  const live = desk.waitForSelector('jh-connection[state=live]');
  await desk.route('**/api/v1/site/renmin', async (route) => {
    await live;
    await pause(1000);
    await route.continue();
  });
  // The slot of 08:30 is over.
  await hospital.open(`${TODAY}T09:02:00+08:00`);
  await live;
  await desk.waitForSelector('[data-entry=merged]:has-text("A003")');
  await desk.waitForSelector('[data-done-entries] [data-entry=merged]:has-text("已经在候诊")', { state: 'attached' });
  await desk.waitForSelector('[data-entry=conflict]:has-text("是 A004")');
  browser.serverIsDown = false;
  await desk.unroute('**/api/v1/site/renmin');
  assert.equal((await desk.$$('[data-entry=conflict]')).length, 3, 'two of a name, nobody, and a part of a name');
  await desk.waitForSelector('[data-side=walk_in]');
  const [list, form, code] = [await box('.side .away'), await box('.side fieldset.body'), await box('.area')];
  assert.ok(list.height > 200 && list.height < 0.46 * (await box('.side')).height, `${list.height} px`);
  assert.ok(list.bottom <= form.top && form.bottom <= code.top && code.height === codeHeight, JSON.stringify([list, form, code]));
  assert.deepEqual(await unseenFields(desk, '[data-form=register_walk_in]'), [], 'the form below the list is all there');
  for (const entry of (await desk.$$('[data-entry=conflict]')).slice(0, 2)) {
    const { y, height } = await entry.boundingBox();
    assert.ok(y >= list.top && y + height <= list.bottom, 'who needs a look is in sight');
  }
  assert.deepEqual(await desk.$$eval('[data-entry]', (all) => all.map((one) => one.dataset.entry)), ['conflict', 'conflict', 'conflict', 'merged', 'merged']);
  await desk.click('[data-entry=conflict]:has-text("是 A004") [data-action=take_entry]');
  await desk.waitForFunction(() => document.querySelectorAll('[data-entry=conflict]').length === 2);
  await columnIs(desk, QUEUE, ['A003', 'A004']);
  const line = await desk.$eval('[data-number="A003"]', (row) => row.textContent);
  assert.ok(!line.includes('迟到'), line);
  // Who was written down has answered nothing, and both lists say so.
  await desk.waitForSelector('[data-entry=merged][data-unasked]:has-text("A003"):has-text("预检未问,请当面问一问")');
  await desk.waitForSelector('[data-row][data-number="A003"] [data-flag=unasked]:has-text("预检未问")');
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/unasked-desk.png` });
  await desk.click('[data-entry=conflict]:has-text("2 位") [data-action=look_entry]');
  await desk.waitForSelector('.found [data-appointment]:nth-of-type(2)');
  await desk.keyboard.press('Escape');
  for (let left = 2; left; left -= 1) {
    await desk.click('[data-entry=conflict] [data-action=remove_entry]');
    await desk.waitForFunction((n) => document.querySelectorAll('[data-entry=conflict]').length === n, left - 1);
  }
  await desk.click('[data-action=close_away]');
  await desk.waitForSelector('[data-away]', { state: 'detached' });
});

test('who comes after the slot stands with the reason, in the row and beside who was on time', async () => {
  const { appointments } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text: 'A001' }, hospital.desk);
  await hospital.call('POST', '/appointments/check-in', { appointment: appointments[0].appointment, came_at: `${TODAY}T09:01:30+08:00` }, hospital.desk);
  await desk.waitForSelector('[data-row][data-number="A001"] [data-where]:text-is("迟到,每3位插1位")');
  await desk.waitForSelector('[data-row][data-number="A003"] [data-where]:text-is("按预约时段排队")');
  await choose(desk, 'A001');
  assert.equal(await desk.textContent('[data-chosen] .why'), '迟到,每3位插1位');
  await desk.click('jh-language button');
  await desk.waitForSelector('[data-chosen] .why:has-text("Checked in late")');
  await desk.click('jh-language button');
});

test('a list that was left on the page goes on after a reload, however late the site is read', async () => {
  await desk.evaluate((at) => sessionStorage.setItem('jiaohao.desk.away', JSON.stringify([
    { id: 1, text: '没有这个人', at, department: 'renmin.xinnei', state: 'written', said: '' },
  ])), Date.parse(`${TODAY}T08:41:00+08:00`));
  await desk.route('**/api/v1/site/renmin', async (route) => {
    await pause(1500);
    await route.continue();
  });
  await desk.reload();
  await desk.waitForSelector('[data-entry=conflict]');
  await desk.unroute('**/api/v1/site/renmin');
});

test('who is struck off while the others are merged is not checked in; what is with the house already is not struck off', async () => {
  const other = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  /** Who is looked for, and whose check-in is on its way: let go one by one. */
  const looked = [];
  const sent = [];
  const came = async (list) => {
    for (let tries = 0; !list.length; tries += 1) {
      assert.ok(tries < 400, 'nothing comes');
      await pause(25);
    }
    return list.shift();
  };
  await other.route('**/appointments/find', (route) => looked.push(route));
  await other.routeWebSocket(/./, (socket) => {
    const house = socket.connectToServer();
    socket.onMessage((text) => {
      if (JSON.parse(text).command?.check_in) sent.push(() => house.send(text));
      else house.send(text);
    });
  });
  await other.evaluate(([at, texts]) => sessionStorage.setItem('jiaohao.desk.away', JSON.stringify(texts.map((text, i) => ({
    id: i + 1, text, at, department: 'renmin.xinnei', state: 'written', said: [],
  })))), [Date.parse(`${TODAY}T08:41:00+08:00`), ['没有这个人', 'A002', 'A005', 'A006', '也没有的人']]);
  for (const [name, serial] of [['周海燕', 7], ['许志强', 8]]) await hospital.book('renmin.xinnei.s1', '09:00', await hospital.person(name, `1985-03-0${serial}`, serial));
  await other.reload();
  const strike = (text) => other.click(`[data-entry=written]:has-text("${text}") [data-action=remove_entry]`);
  // Before anybody asks for it, and while it is looked for.
  const first = await came(looked);
  await strike('A002');
  await other.waitForSelector('[data-away="4"]');
  await first.continue();
  const second = await came(looked);
  assert.equal(second.request().postDataJSON().text, 'A005');
  await strike('A005');
  await other.waitForSelector('[data-away="3"]');
  await second.continue();
  const third = await came(looked);
  assert.equal(third.request().postDataJSON().text, 'A006');
  await third.continue();
  const go = await came(sent);
  await other.waitForSelector('[data-entry=written]:has-text("A006") [data-action=remove_entry]:disabled');
  go();
  await other.waitForSelector('[data-entry=merged]:has-text("A006")');
  await (await came(looked)).continue();
  await other.waitForSelector('[data-entry=conflict]:has-text("也没有的人")');
  assert.equal(sent.length, 0, 'who was struck off is sent in by nobody');
  for (const text of ['A002', 'A005']) {
    const { appointments } = await hospital.call('POST', '/departments/renmin.xinnei/appointments/find', { text }, hospital.desk);
    assert.deepEqual(appointments.map((one) => one.state), ['booked'], text);
  }
  await other.context().close();
});
