// Moments at which a page is read closely: new questions while a console is open, a pause with somebody in the room, a number
// that the desk wants to see first, the next person at the kiosk, a check-in that is too early, a house that cannot be reached.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerOne, Browser, drawn, Hospital, inHand, looks, PASSWORD, residentNumber, sayWho, sendAnswers, signInPhone, seenByKey, SIZES, TODAY } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const KIOSK = { width: 1080, height: 1920 };
const PEOPLE = [['张小三', '1953-04-23'], ['欧阳雪莉', '1960-12-01'], ['何伟', '1971-07-09'], ['赵丽', '1980-02-28']];

let hospital;
let browser;
let doctor;
let door;
let kiosk;
let phone;

const picture = async (page, name) => process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/${name}.png` });
const well = (version) => ({ version, answers: { fever: 'no', temperature: '36.5', contact: 'no' } });
const feverish = (version) => ({ version, answers: { fever: 'yes', temperature: '37.8', contact: 'no' } });

/** The usual questions; there is no fever clinic: a grown-up's fever is for the desk to look at. */
async function ask(version, change = (all) => all) {
  const usual = await fetch(`${hospital.base}/api/v1/questions/usual?site=renmin`).then((r) => r.json());
  await hospital.call('PUT', '/questions', { ...change(usual), version });
}

before(async () => {
  hospital = await new Hospital({ speed: 1 }).open();
  await hospital.define();
  await ask(1);
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  browser = await new Browser(hospital.base).start();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

test('questions that are saved while a console is open are read by their words', async () => {
  doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.waitForSelector('[data-action=pause_work]');
  await ask(2, (all) => ({ ...all, questions: all.questions.map((one) => (one.id === 'contact' ? { ...one, text: { zh: '家里有人发烧吗?', en: 'A fever at home?' } } : one)) }));
  for (const [i, [name, born]] of PEOPLE.slice(0, 3).entries()) {
    await hospital.call('POST', '/tickets', { queue: A, patient: await hospital.person(name, born, i + 1), pre_check: well(2) }, hospital.desk);
  }
  await doctor.waitForSelector('[data-next]');
  await doctor.click('.hand [data-action=call_next_patient]');
  await inHand(doctor, 'A001');
  await doctor.waitForSelector('.hand [data-answers=read]:has-text("家里有人发烧吗?"):has-text("36.5 ℃")');
  assert.doesNotMatch(await doctor.textContent('.hand .pre-checked'), /fever|contact|temperature/);
  await picture(doctor, 'questions-doctor');
});

test('a pause with somebody in the room: they stay on its door, with the pause, the time of coming back and a delay below', async () => {
  door = await browser.open('/door/renmin.xinnei.r3', SIZES.screen);
  const code = await door.getAttribute('[data-pairing-code]', 'data-pairing-code');
  await hospital.call('POST', '/screens/approve', { code, board: 'renmin.b3f' }, hospital.desk);
  await door.waitForSelector('.now.called[data-number="A001"]');
  await doctor.click('[data-action=pause_work]');
  await doctor.waitForSelector('dialog [name=back]:focus');
  await doctor.keyboard.press('ArrowRight');
  await doctor.keyboard.press('ArrowRight');
  await doctor.click('dialog [data-choice]');
  if (await doctor.$('dialog[open]')) await doctor.click('dialog [data-action=dialog_go]');
  const back = /预计 (\d\d:\d\d) 回来/.exec(await (await doctor.waitForSelector('.paused:has-text("回来")')).textContent())[1];
  await door.waitForSelector(`[data-held-up=paused]:has-text("暂停叫号,预计${back}恢复")`);
  await door.waitForSelector('.now.called[data-number="A001"]');
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 20 }, hospital.desk);
  await door.waitForSelector('[data-held-up=delay]:has-text("门诊延迟约20分钟")');
  await picture(door, 'door-paused');
  await looks(door);
  const [card, foot] = await door.evaluate(() => ['.now', 'footer'].map((one) => document.querySelector(one).getBoundingClientRect()));
  assert.ok(card.bottom < foot.top - 8, 'all of it is on the screen');
  await hospital.call('POST', '/sessions/delay', { session: 'renmin.xinnei.s1', minutes: 0 }, hospital.desk);
  await door.waitForSelector('[data-held-up=delay]', { state: 'detached' });
});

test('who is seen in a pause is seen, and nobody is said to be missing', async () => {
  await doctor.waitForSelector('.hand [data-outcome=seen]:has-text("看完"):not(:has-text("叫下一位"))');
  await picture(doctor, 'doctor-paused');
  await seenByKey(doctor);
  await doctor.waitForSelector('#undo:has-text("A001 已看完;暂停中,没有叫下一位")');
  await inHand(doctor, null);
  await doctor.waitForSelector('[data-tab=waiting]:has-text("2")');
  // Nobody in the room: the pause alone, in the middle.
  await door.waitForSelector('.now:not([data-number]):has-text("暂停叫号")');
  await picture(door, 'door-paused-empty');
  await door.context().close();
});

/** At the kiosk, by number and birthday, with a fever. */
async function comesWithFever(number, birthday) {
  await kiosk.waitForSelector('[data-view=start]');
  await kiosk.click('[data-way=number]');
  for (const key of number) await kiosk.click(`[data-key="${key}"]`);
  await kiosk.click('[data-action=find]');
  await kiosk.waitForSelector('[data-view=birthday]');
  await kiosk.keyboard.type(birthday);
  await kiosk.keyboard.press('Enter');
  await kiosk.click('[data-ticket] [data-action=check_in]');
  await answerOne(kiosk, 'fever', 'yes');
  await answerOne(kiosk, 'temperature', 'not_measured');
  await answerOne(kiosk, 'contact', 'no');
  await sendAnswers(kiosk);
  await kiosk.waitForSelector('[data-view=done]');
}

test('whom the desk wants to see first the kiosk sends there, on the slip too, and nobody else is told why', async () => {
  kiosk = await browser.staff('/kiosk', KIOSK, 'zizhu');
  await hospital.book('renmin.xinnei.s2', '08:30', await hospital.person(PEOPLE[3][0], PEOPLE[3][1], 4));
  await comesWithFever('B1', '0228');
  await kiosk.waitForSelector('[data-view=done] .say.go-there:has-text("请先到分诊台,护士要看一下")');
  const slip = await kiosk.$eval('#slip', (one) => one.textContent);
  assert.match(slip, /请先到分诊台,护士要看一下/);
  assert.doesNotMatch(await kiosk.textContent('main'), /坐下,留意|发烧/);
  await looks(kiosk);
  await picture(kiosk, 'kiosk-desk-first');
});

test('the kiosk is Chinese again for the next person', async () => {
  await kiosk.click('[data-action=switch_language]');
  await kiosk.waitForSelector('html[lang=en]');
  await drawn(kiosk);
  await picture(kiosk, 'kiosk-desk-first-en');
  await kiosk.click('[data-action=home]');
  await kiosk.waitForSelector('[data-view=start]');
  await drawn(kiosk);
  assert.equal(await kiosk.evaluate(() => document.documentElement.lang), 'zh-CN');
  await kiosk.waitForSelector('.say:has-text("请")');
});

test('a check-in on the phone that is too early, or by a wrong code, is said before anything is asked', async () => {
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345678');
  await sayWho(phone, '李小四', residentNumber('1990-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
  await phone.click('[data-action=open_book]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click('[data-session="renmin.xinnei.s2"] [data-slot="renmin.xinnei.s2.1100"]');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  const checkIn = async (code, said) => {
    await phone.fill('[data-form=check_in] [name=code]', code);
    await phone.click('[data-form=check_in] [data-action=check_in]');
    await phone.waitForSelector(`#notice ${said}, dialog [data-question]`);
    assert.equal(await phone.$('dialog [data-question]'), null, 'nothing is asked in vain');
  };
  browser.serverIsDown = true; // the browser notes a refusal
  await checkIn('000000', '.notice.alarm');
  const { code } = await hospital.call('GET', '/departments/renmin.xinnei/area-code', undefined, hospital.desk);
  await checkIn(code, '.notice.alarm:has-text("11月23日")');
  browser.serverIsDown = false;
  assert.match(await phone.textContent('#notice'), /还没到签到时间:11月23日 \d\d:\d\d 起可以签到/);
  await picture(phone, 'phone-too-early');
});

test('at the desk too: from when it is open is said, and nobody is asked; whoever is in time is asked', async () => {
  const desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${A}"]`);
  browser.serverIsDown = true; // the browser notes a refusal
  await desk.fill('#search', '李小四');
  await desk.waitForSelector('.found [data-action=check_in]');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('#notice .notice.alarm, dialog [data-question]');
  assert.equal(await desk.$('dialog'), null, 'nothing is asked in vain');
  assert.match(await desk.textContent('#notice'), /还没到签到时间:11月23日 10:00 起可以签到/);
  await looks(desk);
  await picture(desk, 'desk-too-early');
  browser.serverIsDown = false;
  await hospital.book('renmin.xinnei.s2', '09:00', await hospital.person('吴大山', '1955-08-08', 31));
  await desk.fill('#search', '吴大山');
  await desk.waitForSelector('.found [data-action=check_in]');
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('dialog [data-form=pre_check] [data-question=fever]');
  await desk.click('dialog [data-action=dialog_cancel]');
  await desk.context().close();
});

test('whom the desk wants to see first the phone sends there', async () => {
  const patient = await hospital.found('renmin.xinnei', '李小四');
  await hospital.call('POST', '/tickets', { queue: 'renmin.xinnei.zhoujing', patient, pre_check: feverish(2) }, hospital.desk);
  await phone.waitForSelector('[data-ticket][data-state=waiting] .big-words:has-text("请先到分诊台,护士要看一下")');
  await looks(phone);
  await picture(phone, 'phone-desk-first');
});

test('without a connection the phone says so wherever it is scrolled to, and operations do not say that all is well', async () => {
  const ops = await browser.staff('/ops', SIZES.console, 'yunxing');
  await ops.waitForSelector('[data-site=renmin]');
  browser.serverIsDown = true;
  await hospital.end('SIGKILL');
  await ops.waitForSelector('[data-verdict=offline]:has-text("连接断开")');
  assert.doesNotMatch(await ops.textContent('main'), /一切正常/);
  await picture(ops, 'ops-offline');
  await phone.waitForSelector('jh-offline-band[shown]');
  await phone.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await drawn(phone);
  assert.ok(await phone.evaluate(() => window.scrollY > 0), 'there is something to scroll');
  assert.equal(await phone.$eval('jh-offline-band', (band) => band.getBoundingClientRect().top), 0);
  await picture(phone, 'phone-offline');
});
