// /ops: what is wrong stands first, every figure leads to the list behind it, the audit is read and put down.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, drawn, Hospital, PASSWORD, SIZES } from './hospital.mjs';

let house;
let chrome;

before(async () => {
  house = await new Hospital().open();
  await house.define();
  await house.call('PUT', '/staff', { id: 'zongkong', role: 'operator', password: PASSWORD });
  chrome = await new Browser(house.base).start();
});

after(async () => {
  await chrome?.close();
  await house?.close();
  assert.deepEqual(chrome.complaints, []);
});

test('a house without screens and patients is calm, and its figures lead to their lists', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  // of the node itself a slow machine may have something to say
  await page.waitForSelector('[data-site=renmin] .calm');
  assert.equal(await page.locator('[data-figure]').count(), 6);
  await page.click('[data-site=renmin] [data-fact=waiting]');
  await page.waitForSelector('[data-site=renmin] tbody tr:nth-child(2)');
  assert.equal(await page.getAttribute('[data-site=renmin] [data-fact=waiting]', 'aria-expanded'), 'true');
  assert.equal(await page.getAttribute('[data-site=renmin] [data-fact=doctors]', 'aria-expanded'), 'false');
  assert.match(await page.textContent('[data-node=storage]'), /GB|TB|MB/);
  assert.equal(await page.locator('[data-part=audit]').count(), 0, 'the audit is of the whole house');
});

test('behind the open sessions stands what each comes to today: when, who, where, places, and whether it is late', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-site=renmin] [data-fact=sessions]');
  const first = await page.waitForSelector('[data-site=renmin] .lists tbody tr [data-state=open]');
  assert.match(await first.evaluate((one) => one.closest('tr').textContent), /^\d\d:\d\d–\d\d:\d\d.*0 \/ \d+正常$/);
  const { sessions, today } = await house.call('GET', '/site/renmin', undefined, house.desk);
  const one = sessions.find(({ date, session }) => date === today && session.startsWith('renmin.xinnei.'));
  await house.call('POST', '/sessions/delay', { session: one.session, minutes: 20 }, house.desk);
  await page.waitForSelector('[data-site=renmin] .lists [data-state=delayed]:has-text("20")', { timeout: 15000 });
  await page.click('[data-site=renmin] [data-fact=sessions]');
  await page.waitForSelector('[data-site=renmin] .lists', { state: 'detached' });
});

test('a screen that is paired and away is named, in both languages', async () => {
  const offer = await house.call('POST', '/screens', { board: 'renmin.b3f' });
  await house.call('POST', '/screens/approve', { code: offer.code, board: 'renmin.b3f' });
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-problem=board_dark]');
  await page.waitForSelector('[data-verdict=soon]');
  await page.waitForSelector('[data-site=renmin] td:has-text("0/1")');
  await page.click('[data-site=renmin] [data-fact=screens]');
  await page.waitForSelector('[data-site=renmin] tr.bad');
  await page.click('jh-language button');
  await page.waitForSelector('[data-verdict]:has-text("to look at")');
  assert.doesNotMatch(await page.textContent('#main'), /ops\.[a-z]/, 'a word is missing');
});

test('an operator of all sites reads the audit, and that is a line of it', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'zongkong');
  await page.waitForSelector('[data-verdict]');
  await page.click('[data-part=audit]');
  await page.click('[data-action=read_audit]');
  await page.waitForSelector('#main td:has-text("approve_screen")');
  await page.fill('[data-field=account]', 'a-staff-zongkong');
  await page.click('[data-action=read_audit]');
  await page.waitForSelector('#main td:has-text("read_audit")');
  await page.waitForSelector('#main td:has-text("approve_screen")', { state: 'detached' });
});

test('a long list is searched; what is in use says by whom', async () => {
  for (let n = 10; n < 18; n += 1) await house.call('PUT', '/service-points', { id: `renmin.xinnei.r${n}`, name: `${n}号诊室`, order: n });
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=service_point]');
  await page.waitForSelector('.things li:nth-child(10)');
  assert.equal(await page.textContent('.things li:nth-child(2) b'), '5号诊室', 'in the order of the screens');
  await page.fill('[data-field=search]', '17');
  await page.waitForSelector('.things li:nth-child(2)', { state: 'detached' });
  assert.equal(await page.textContent('.things b'), '17号诊室');
  await page.fill('[data-field=search]', '没有的');
  await page.waitForSelector('.empty:has-text("没有找到")');
  await page.click('[data-part=queue]');
  await page.click('[data-action=retire_queue][data-thing="renmin.xinnei.liming"]');
  await page.click('[data-action=dialog_cancel]');
  await page.click('[data-action=retire_queue][data-thing="renmin.xinnei.liming"]');
  await page.click('[data-action=dialog_go]');
  await page.waitForSelector('[data-notice=in_use]:has-text("1 个班次:s1")');
});

test('a doctor, a board and a session are retired by their buttons', async () => {
  await house.call('PUT', '/doctors', { id: 'renmin.linshi', name: '林时', title: '主治医师', departments: ['renmin.xinnei'] });
  await house.call('PUT', '/boards', { id: 'renmin.b9f', name: '临时候诊区', queues: ['renmin.yanke.wangfang'] });
  const { today } = await house.call('GET', '/site/renmin');
  await house.call('PUT', '/sessions', { id: 'renmin.yanke.s9', date: today, period: 'evening', queue: 'renmin.yanke.wangfang', registration_class: '普通', slots: [{ start: '19:00', minutes: 30, capacity: 2 }] });
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  for (const [kind, id] of [['doctor', 'renmin.linshi'], ['board', 'renmin.b9f'], ['session', 'renmin.yanke.s9']]) {
    await page.click(`[data-part=${kind}]`);
    if (kind === 'session') await page.selectOption('.of-department select', 'renmin.yanke');
    await page.click(`[data-action=retire_${kind}][data-thing="${id}"]`);
    await page.click('[data-action=dialog_go]');
    await page.waitForSelector(`[data-action=retire_${kind}][data-thing="${id}"]`, { state: 'detached' });
  }
  // A session of today stays in the list of the day, as one that is over.
  await page.waitForSelector('[data-thing="renmin.yanke.s9"]:has-text("已结束")');
  const { doctors, boards, sessions } = await house.call('GET', '/site/renmin');
  assert.deepEqual([...doctors, ...boards].filter((one) => !one.retired && ['renmin.linshi', 'renmin.b9f'].includes(one.id)), []);
  assert.deepEqual(sessions.filter(({ session }) => session === 'renmin.yanke.s9').map(({ open }) => open), [false]);
});

test('a new thing with an id that is taken is refused at the id, and leads to what has it', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  const taken = async (kind, fields, holder) => {
    await page.click(`[data-part=${kind}]`);
    const form = `[data-form=define_${kind}]`;
    await page.waitForSelector(`${form}[data-editing=""]`);
    if (kind === 'staff') {
      await page.selectOption(`${form} [name=role]`, 'desk');
      await drawn(page);
    }
    if (kind === 'session') await page.selectOption(`${form} [name=queue]`, 'renmin.xinnei.liming');
    for (const [name, value] of Object.entries(fields)) await page.fill(`${form} [name=${name}]`, value);
    if (kind === 'doctor') await page.check(`${form} [data-choice="renmin.xinnei"]`);
    if (kind === 'board') await page.check(`${form} [data-choice="renmin.xinnei.liming"]`);
    await page.click(`[data-action=define_${kind}]`);
    await page.waitForSelector(`${form} [data-wrong=id] .bad:has-text("「${holder}」已在用")`);
  };
  await taken('department', { name: '新科', id: 'xinnei' }, '心内科');
  await taken('service_point', { name: '新诊室', id: 'r3' }, '3号诊室');
  await taken('doctor', { name: '李鸣', title: '主任医师', id: 'liming' }, '李明');
  await taken('queue', { name: '新门诊', id: 'liming' }, '李明门诊');
  await taken('board', { name: '新候诊区', id: 'b3f' }, '心内科 候诊区 3F');
  await taken('session', { registration_class: '普通', id: 's1' }, '李明 · 主任');
  await taken('staff', { id: 'fenzhen', password: PASSWORD }, 'fenzhen');
  assert.equal(await page.inputValue('[data-form=define_staff] [name=id]'), 'fenzhen', 'nothing is lost');
  await page.click('[data-action=edit_taken]');
  await page.waitForSelector('[data-form=define_staff][data-editing=fenzhen]');
  assert.equal(await page.inputValue('[data-form=define_staff] [name=role]'), 'desk');
  // Of somebody who is of no site nothing is seen here.
  await page.click('[data-action=edit_cancel]');
  await page.waitForSelector('[data-form=define_staff][data-editing=""]');
  await page.selectOption('[data-form=define_staff] [name=role]', 'desk');
  await drawn(page);
  await page.fill('[data-form=define_staff] [name=id]', 'zongkong');
  await page.fill('[data-form=define_staff] [name=password]', `${PASSWORD}!`);
  await page.click('[data-action=define_staff]');
  await page.waitForSelector('[data-form=define_staff] [data-wrong=id] .bad:has-text("已有人在用")');
  assert.equal(await page.$('[data-action=edit_taken]'), null);
  const { departments, service_points: points, doctors, queues, boards } = await house.call('GET', '/site/renmin');
  const names = [...departments, ...points, ...doctors, ...queues, ...boards].map((one) => one.name);
  assert.deepEqual(names.filter((name) => name.startsWith('新') || name === '李鸣'), []);
  await house.signIn('fenzhen');
  await house.signIn('zongkong');
});

test('a damaged voice pack is named until it is made again', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  const answers = { damaged: true };
  await page.route('**/api/v1/voice/renmin', async (route) => {
    const answer = await route.fetch();
    const voice = await answer.json();
    assert.equal(voice.damaged, false, 'there is none');
    await route.fulfill({ response: answer, json: { ...voice, ...answers } });
  });
  await page.click('[data-part=voice]');
  await page.waitForSelector('[data-damaged]:has-text("声音包坏了")');
});

test('what is missing is said of each department: one that has all hides no other', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'zongkong');
  await page.waitForSelector('[data-verdict]');
  const inMenu = async () => Number(await page.textContent('[data-part=missing] .num'));
  await page.click('[data-part=missing]');
  await page.waitForSelector('[data-missing]');
  await page.waitForSelector('[data-channels=""]:has-text("只在打开页面时收得到")');
  const before = await inMenu();
  await house.call('PUT', '/departments', { id: 'renmin.erke', name: '儿科' });
  await page.reload();
  await page.click('[data-part=missing]');
  await page.waitForSelector('[data-action=choose_department]');
  // The desk of the whole site is the new one's too.
  assert.equal(await inMenu(), before + 7);
  await page.waitForSelector('option:has-text("儿科 (还缺 7 项)")', { state: 'attached' });
  await page.selectOption('[data-action=choose_department]', 'renmin.erke');
  await page.waitForSelector('[data-missing="7"]:has-text("儿科 · 还缺 7 项")');
  for (const need of ['service_point', 'doctor', 'queue', 'session']) await page.waitForSelector(`[data-need=${need}][data-there="0"]`);
  await page.click('[data-part=doctor]');
  await page.waitForSelector('[data-form=define_doctor]');
  assert.equal(await page.locator('[data-form=define_doctor] [name=departments]:checked').count(), 0, 'nobody is of a department by chance');
  await page.fill('[data-form=define_doctor] [name=name]', '孙悦');
  await page.fill('[data-form=define_doctor] [name=title]', '主治医师');
  await page.click('[data-action=define_doctor]');
  await page.waitForSelector('[data-wrong=departments]:has-text("请选至少一个")');
  await page.check('[data-choice="renmin.erke"]');
  await page.click('[data-action=define_doctor]');
  await page.waitForSelector('.things li:has-text("孙悦"):has-text("儿科")');
});

test('one is warned of retiring oneself; the last who runs all sites stays', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'zongkong');
  await page.click('[data-part=staff]');
  await page.waitForSelector('[data-thing=fenzhen]:has-text("人民医院 全院")');
  await page.click('[data-action=retire_staff][data-thing=zongkong]');
  await page.waitForSelector('dialog [data-own]');
  await page.waitForSelector('dialog [data-last]:has-text("最后一个")');
  assert.equal(await page.$('dialog [data-action=dialog_go]'), null);
  await page.click('dialog [data-action=dialog_cancel]');
  await page.click('[data-action=edit][data-thing=zongkong]');
  await page.waitForSelector('[data-form=define_staff][data-editing=zongkong]');
  await page.selectOption('[data-form=define_staff] [name=site]', 'renmin');
  await page.click('[data-form=define_staff] [data-action=define_staff]');
  await page.waitForSelector('[data-form=define_staff] .notice.alarm:has-text("最后一个")');
  await house.call('PUT', '/staff', { id: 'zongkong2', role: 'operator', password: PASSWORD });
  await page.reload();
  await page.click('[data-part=staff]');
  await page.click('[data-action=retire_staff][data-thing=zongkong]');
  await page.waitForSelector('dialog [data-own]');
  assert.equal(await page.$('dialog [data-last]'), null);
  await page.click('dialog [data-action=dialog_cancel]');
});

test('who runs one site makes accounts of that site alone, and no site', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=staff]');
  await page.waitForSelector('[data-thing=fenzhen]');
  assert.equal(await page.$('[data-thing=zongkong]'), null, 'nobody of all sites');
  await page.selectOption('[data-form=define_staff] [name=role]', 'operator');
  await drawn(page);
  await page.waitForSelector('[data-form=define_staff] [name=site]');
  assert.deepEqual(await page.$$eval('[data-form=define_staff] [name=site] option', (all) => all.map((o) => o.value)), ['renmin']);
  assert.equal(await page.$('[data-form=define_staff] [name=may_issue]'), null, 'a right that one has not');
  await page.fill('[data-form=define_staff] [name=id]', 'yunxing2');
  await page.fill('[data-form=define_staff] [name=password]', PASSWORD);
  await page.click('[data-action=define_staff]');
  await page.waitForSelector('[data-thing=yunxing2]');
  await page.click('[data-part=site]');
  await page.waitForSelector('[data-thing=renmin]');
  assert.equal(await page.$('[data-form=define_site]'), null);
  await page.click('[data-action=edit]');
  await page.waitForSelector('[data-form=define_site] [name=time_zone]');
  await page.waitForFunction(() => document.querySelector('[data-form=define_site] [name=time_zone]').value === 'Asia/Shanghai');
  await page.fill('[data-form=define_site] [name=name]', '人民医院东院');
  await page.click('[data-action=define_site]');
  await page.waitForSelector('[data-thing=renmin]:has-text("人民医院东院")');
});

test('numbers only are proposed by a new department\'s name, until somebody sets the box', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=department]');
  const form = '[data-form=define_department]';
  await page.waitForSelector(`${form}[data-editing=""]`);
  const proposed = async (name, field = 'name') => {
    await page.fill(`${form} [name=${field}]`, name);
    await drawn(page);
    return page.isChecked(`${form} [name=number_only]`);
  };
  assert.deepEqual([await proposed('精神科'), await proposed('慢性病科'), await proposed('皮肤性病科'), await proposed('内二科')], [true, false, true, false]);
  assert.equal(await proposed('Fertility clinic', 'name_en'), true);
  await page.uncheck(`${form} [name=number_only]`);
  assert.equal(await proposed('生殖医学科'), false, 'what somebody has set stays');
  await page.check(`${form} [name=number_only]`);
  await page.click('[data-action=define_department]');
  await page.waitForSelector('.things li:has-text("生殖医学科"):has-text("只显示号码")');
  // What there is is not proposed anything.
  await page.click('.things li:has-text("心内科") [data-action=edit]');
  await page.waitForSelector(`${form}:not([data-editing=""])`);
  assert.equal(await proposed('心理科'), false);
  await page.context().close();
});

test('what somebody else has changed since a form was opened is named before it is written over', async () => {
  const page = await chrome.staff('/ops', SIZES.console, 'yunxing');
  await page.click('[data-part=department]');
  const form = '[data-form=define_department]';
  await page.click('.things li:has-text("眼科") [data-action=edit]');
  await page.waitForSelector(`${form}[data-editing="renmin.yanke"]`);
  const isNumbersOnly = async () => (await house.call('GET', '/site/renmin')).departments.find(({ id }) => id === 'renmin.yanke').number_only;
  await house.call('PUT', '/departments', { id: 'renmin.yanke', name: '眼科', name_en: 'Ophthalmology', number_only: true });
  await page.fill(`${form} [name=name_en]`, 'Eyes');
  await page.click('[data-action=define_department]');
  await page.waitForSelector('dialog [data-meanwhile=number_only]');
  await page.click('[data-action=dialog_cancel]');
  assert.equal(await isNumbersOnly(), true);
  assert.equal(await page.inputValue(`${form} [name=name_en]`), 'Eyes', 'nothing is lost');
  await page.check(`${form} [name=number_only]`);
  await page.click('[data-action=define_department]');
  await page.click('[data-action=overwrite]');
  await page.waitForSelector(`${form}[data-editing=""]`);
  const { departments } = await house.call('GET', '/site/renmin');
  const saved = departments.find(({ id }) => id === 'renmin.yanke');
  assert.deepEqual([saved.name_en, saved.number_only], ['Eyes', true]);
  await page.context().close();
});
