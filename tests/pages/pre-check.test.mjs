// What a site asks before somebody joins a queue: taken over and changed in operations, asked at the desk, the kiosk and on the phone: a child under six with a fever is an
// alert at the desk at once, a grown-up with one is sent to the fever clinic, and other questions are asked again.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { answerOne, Browser, choose, columnIs, drawn, giveReason, Hospital, looks, ONE_SLOT, PASSWORD, pause, residentNumber, sayWho, seenByHand, sendAnswers, signInPhone, SIZES, unseenFields } from './hospital.mjs';

const A = 'renmin.xinnei.liming';
const B = 'renmin.xinnei.zhoujing';
const FEVER = 'renmin.fare';
/** What a browser leaves of the screen of many a room: 1366 × 768. */
const SMALL_SCREEN = { width: 1366, height: 657 };
const PEOPLE = [['张小三', '1953-04-23'], ['欧阳雪莉', '1960-12-01'], ['何伟', '1971-07-09'], ['小明明', '2021-05-06'], ['赵丽', '1980-02-28'], ['周海燕', '1990-06-15']];

let hospital;
let browser;
let desk;
let kiosk;
let phone;

const ask = async (version, change = (all) => all) => {
  const usual = await fetch(`${hospital.base}/api/v1/questions/usual?site=renmin&department=${FEVER}`).then((r) => r.json());
  await hospital.call('PUT', '/questions', { ...change(usual), version });
};

before(async () => {
  hospital = await new Hospital({ speed: 30 }).open();
  await hospital.define(ONE_SLOT);
  await hospital.call('PUT', '/departments', { id: FEVER, name: '发热门诊', name_en: 'Fever clinic' });
  await hospital.call('PUT', '/queues', { id: `${FEVER}.q`, name: '发热门诊', prefix: 'F' });
  await hospital.call('PUT', '/staff', { id: 'zizhu', role: 'kiosk', password: PASSWORD, site: 'renmin', departments: ['renmin.xinnei'] });
  for (const [i, [name, born]] of PEOPLE.entries()) await hospital.book('renmin.xinnei.s1', '08:30', await hospital.person(name, born, i + 1));
  browser = await new Browser(hospital.base).start();
  desk = await browser.staff('/desk', SIZES.desk, 'fenzhen');
  await sitDown();
  kiosk = await browser.staff('/kiosk', { width: 1080, height: 1920 }, 'zizhu');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  assert.deepEqual(browser.complaints, []);
});

/** The desk's page is loaded: cardiology is looked at, and what the browser complains of is counted. */
async function sitDown() {
  await desk.evaluate(() => {
    document.addEventListener('invalid', () => (window.browserComplaints += 1), true);
  });
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${A}"]`);
}

/** Finds by number at the desk and presses Enter. */
async function find(number) {
  await desk.fill('#search', number);
  await desk.waitForSelector('.found .hit');
  await desk.evaluate(() => (window.browserComplaints = 0));
  await desk.press('#search', 'Enter');
  await desk.waitForSelector('dialog [data-form=pre_check]');
  await drawn(desk);
  assert.equal(await desk.evaluate(() => window.browserComplaints), 0, 'the key that opened the questions does not answer them');
}

/** At the kiosk, by number and birthday. */
async function comes(number, birthday) {
  await kiosk.waitForSelector('[data-view=start]');
  await kiosk.click('[data-way=number]');
  for (const key of number) await kiosk.click(`[data-key="${key}"]`);
  await kiosk.click('[data-action=find]');
  await kiosk.waitForSelector('[data-view=birthday]');
  await kiosk.keyboard.type(birthday);
  await kiosk.keyboard.press('Enter');
  await kiosk.click('[data-ticket] [data-action=check_in]');
  await kiosk.waitForSelector('[data-question=fever]');
}

async function answers(page, fever, degrees, contact) {
  await answerOne(page, 'fever', fever);
  if (degrees) {
    await page.waitForSelector('[data-question=temperature]');
    await pause(550);
    for (const digit of degrees) await page.click(`[data-digit="${digit}"]`);
    await page.click('[data-action=degrees_go]');
  } else await answerOne(page, 'temperature', 'not_measured');
  await answerOne(page, 'contact', contact);
}

/** Two taps of one finger at the middle of what is there, with a frame between them, as an unsteady hand gives them. */
async function tapsTwice(page, selector) {
  const { x, y, width, height } = await (await page.waitForSelector(selector)).boundingBox();
  await page.mouse.click(x + width / 2, y + height / 2);
  await drawn(page);
  await page.mouse.click(x + width / 2, y + height / 2);
  await drawn(page);
}

test('the operator takes over the usual set, changes it, and sees what was asked before', async () => {
  const ops = await browser.staff('/ops', SIZES.desk, 'yunxing');
  await ops.click('[data-part=questions]');
  await ops.waitForSelector('[data-asked="0"]');
  await looks(ops);
  await ops.selectOption('[data-form=take_over] [name=department]', FEVER);
  await ops.click('[data-action=take_over]');
  await ops.waitForSelector('[data-form=define_questions] [data-row=contact]');
  assert.equal((await hospital.call('GET', '/site/renmin')).questions, null, 'nothing counts before it is saved');
  await looks(ops);
  // One question more, of one's own, with a rule, which is left out again.
  await ops.click('[data-action=add_question]');
  await ops.fill('[data-row=q4] [data-text=zh]', '咳嗽多久了?');
  await ops.selectOption('[data-row=q4] [data-kind]', 'choice');
  await ops.fill('[data-row=q4] li:nth-child(1) [data-text=zh]', '不咳');
  await ops.fill('[data-row=q4] li:nth-child(2) [data-text=zh]', '两周以上');
  await ops.click('[data-action=add_rule]');
  await ops.selectOption('[data-rule-row=r4] [data-then]', 'note');
  await ops.fill('[data-rule-row=r4] [data-text=zh]', '久咳');
  // As it begins it is on the fever, and the rule before it leaves it nothing.
  await ops.click('[data-action=save_questions]');
  await ops.waitForSelector('[data-rule-row=r4].wrong');
  await ops.waitForSelector('[data-wrong=rules]:has-text("前面的规则 2")');
  await looks(ops);
  await ops.selectOption('[data-rule-row=r4] .line select >> nth=0', 'q4');
  await drawn(ops);
  await ops.selectOption('[data-rule-row=r4] .line select >> nth=1', { label: '两周以上' });
  await ops.click('[data-action=save_questions]');
  await ops.waitForSelector('[data-asked="4"]');
  await ops.click('[data-row=q4] [data-action=out_question]');
  await ops.click('[data-rule-row=r4] [data-action=out_rule]');
  await ops.click('[data-action=save_questions]');
  await ops.waitForSelector('[data-asked="3"]');
  await ops.waitForSelector('[data-version="1"]:has-text("咳嗽多久了?")');
  const { questions } = await hospital.call('GET', '/site/renmin');
  assert.equal(questions.version, 2);
  assert.deepEqual(questions.rules.map((rule) => Object.keys(rule.does)[0]), ['alert', 'send_to', 'send_to']);
  assert.equal(questions.rules[0].when.under_age, 6);
  // Nothing at all, and what was there again.
  await ops.click('[data-action=ask_nothing]');
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-asked="0"]');
  await ops.click('[data-version="2"] [data-action=use_again]');
  await ops.click('[data-action=save_questions]');
  await ops.waitForSelector('[data-asked="3"]');
  // Where people are sent is not taken away under them.
  await ops.click('[data-part=department]');
  await ops.click(`[data-action=retire_department][data-thing="${FEVER}"]`);
  await ops.click('dialog [data-action=dialog_go]');
  await ops.waitForSelector('[data-notice=in_use]:has-text("预检规则第 2、3 条送去那里")');
  await ops.context().close();
});

test('at the desk the questions are answered by the keyboard alone, and nothing is answered beforehand', async () => {
  // The desk reads the site now and then, and may have read it between two changes: it would ask what it had read, then the rest.
  await desk.reload();
  await sitDown();
  await find('A001');
  assert.equal(await desk.$('dialog [type=radio]:checked, dialog [type=checkbox]:checked'), null);
  await looks(desk);
  await desk.keyboard.press('Enter');
  assert.notEqual(await desk.$('dialog [data-form=pre_check]'), null, 'nobody joins unanswered');
  await desk.keyboard.press('2');
  await desk.keyboard.type('36，5');
  await desk.keyboard.press('Tab');
  await desk.keyboard.press('Tab');
  await desk.keyboard.press('2');
  await desk.keyboard.press('Enter');
  await columnIs(desk, A, ['A001']);
  await choose(desk, 'A001');
  await desk.waitForSelector('.pre-checked:has-text("36.5 ℃")');
});

test('a child under six with a fever comes to the kiosk: seen and heard at the desk at once, until somebody takes care of it', async () => {
  await comes('A4', '0506');
  await looks(kiosk);
  await answers(kiosk, 'yes', '386', 'no');
  await sendAnswers(kiosk);
  await kiosk.waitForSelector('[data-view=done] [data-number="A004"]');
  await kiosk.waitForSelector('[data-view=done] .say:has-text("请马上到分诊台")');
  assert.doesNotMatch(await kiosk.textContent('body'), /发烧|38\.6|坐下/, 'others read it too');
  await looks(kiosk);
  const row = '[data-row][data-number="A004"]';
  await desk.waitForSelector(`${row} [data-flag=urgent]`);
  assert.notEqual(await desk.textContent(`${row} [data-where]`), '', 'where the patient is stands beside it');
  const doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  await doctor.click('[data-action=start_work][data-service-point="renmin.xinnei.r3"]');
  await doctor.waitForSelector(`${row} [data-flag=urgent]`);
  await looks(doctor);
  if (process.env.PICTURES) {
    await desk.screenshot({ path: `${process.env.PICTURES}/alert-desk.png` });
    await doctor.screenshot({ path: `${process.env.PICTURES}/alert-doctor.png` });
    await kiosk.screenshot({ path: `${process.env.PICTURES}/alert-kiosk.png` });
  }
  await desk.waitForSelector('[data-alert][data-level=urgent]:has-text("A004"):has-text("不满6岁的孩子发烧")');
  assert.equal(await desk.$('.alert.silent'), null, 'it can be heard');
  await looks(desk);
  await desk.click('[data-action=show_alert]');
  await desk.waitForSelector('[data-chosen] .pre-checked .notice.alarm:has-text("马上去看")');
  await desk.click('[data-action=acknowledge_alert]');
  await desk.waitForSelector('[data-alert]', { state: 'detached' });
  await desk.waitForSelector('[data-chosen] .pre-checked small:has-text("fenzhen")');
  await desk.waitForSelector(`${row} [data-flag=quiet]`);
  await doctor.waitForSelector(`${row} [data-flag=quiet]`);
  await doctor.context().close();
  await kiosk.waitForSelector('[data-view=done] .say:not(:has-text("分诊台"))');
  await kiosk.click('[data-action=home]');
});

test('an alert of another department of this desk is heard too', async () => {
  const who = await hospital.person('小红红', '2022-08-08', 31);
  await hospital.call('POST', '/tickets', { queue: 'renmin.yanke.wangfang', patient: who, pre_check: { version: 4, answers: { fever: 'yes', temperature: 'not_measured', contact: 'no' } } }, hospital.desk);
  await desk.waitForSelector('[data-alert]:has-text("眼科")');
  await desk.click('[data-action=show_alert]');
  await desk.waitForSelector('[data-chosen] .pre-checked');
  await desk.waitForSelector('[data-row] [data-flag=urgent]');
  const token = await hospital.signIn('wangfang');
  const { assignment } = await hospital.call('POST', '/work/start', { department: 'renmin.yanke', service_point: 'renmin.yanke.r1' }, token);
  await hospital.call('POST', '/calls/next', { department: 'renmin.yanke', assignment, in_hand: null, outcome: null }, token);
  await desk.waitForSelector('[data-row][data-state=called] [data-flag=quiet]');
  await desk.click('[data-action=acknowledge_alert]');
  await desk.waitForSelector('[data-alert]', { state: 'detached' });
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});

test('a second tap answers nothing that nobody has read; all answers are shown once before they go, and each can be changed', async () => {
  await comes('A3', '0709');
  await pause(550);
  await tapsTwice(kiosk, '[data-question=fever] [data-answer=no]');
  await kiosk.waitForSelector('[data-question=temperature] output.none');
  await pause(550);
  await tapsTwice(kiosk, '[data-question=temperature] [data-answer=not_measured]');
  await kiosk.waitForSelector('[data-question=contact]');
  await pause(550);
  // By the keyboard too, where the key finds anything at all.
  await kiosk.focus('[data-question=contact] [data-answer=yes]');
  await kiosk.keyboard.press('Enter');
  await kiosk.focus('[data-all-answers="3"] [data-action=send_answers]');
  await kiosk.keyboard.press('Enter');
  await drawn(kiosk);
  const given = () => kiosk.$$eval('[data-given]', (all) => all.map((one) => [one.dataset.given, one.querySelector('b').textContent]));
  assert.deepEqual(await given(), [['fever', '否'], ['temperature', '没有量'], ['contact', '是']]);
  await looks(kiosk);
  if (process.env.PICTURES) await kiosk.screenshot({ path: `${process.env.PICTURES}/all-answers-kiosk.png` });
  await pause(550);
  await kiosk.click('[data-given=contact] [data-action=change_answer]');
  await kiosk.waitForSelector('[data-question=contact] [data-answer=yes][aria-pressed=true]');
  // Changed for nothing: back to all of them, as they were.
  await pause(550);
  await kiosk.click('[data-action=question_back]');
  await kiosk.waitForSelector('[data-all-answers]');
  assert.deepEqual((await given())[2], ['contact', '是']);
  await pause(550);
  await kiosk.click('[data-given=contact] [data-action=change_answer]');
  await answerOne(kiosk, 'contact', 'no');
  await kiosk.waitForSelector('[data-all-answers]');
  assert.deepEqual((await given())[2], ['contact', '否'], 'and the others are not asked again');
  await columnIs(desk, A, ['A001', 'A004']);
  await kiosk.click('[data-action=home]');
});

test('a grown-up with a fever: the kiosk says where to go, the desk registers there by one press', async () => {
  await comes('A2', '1201');
  await answers(kiosk, 'no', '375', 'no');
  await sendAnswers(kiosk);
  await kiosk.waitForSelector(`[data-view=sent] [data-sent-to="${FEVER}"]:has-text("发热门诊")`);
  await looks(kiosk);
  await kiosk.click('[data-action=home]');
  await kiosk.waitForSelector('[data-view=start]');
  await columnIs(desk, A, ['A001', 'A004']);
  // Quietly at the desk, until there is a number.
  await desk.click('[data-sent-elsewhere="1"] summary');
  await desk.waitForSelector('[data-sent]:has-text("请去发热门诊")');
  await looks(desk);
  await find('A002');
  await desk.keyboard.press('1');
  await desk.keyboard.type('37.5');
  await desk.check('[data-question=contact] [value=no]');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector(`dialog [data-sent-to="${FEVER}"]`);
  await looks(desk);
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('jh-undo-bar:has-text("F001")');
  await columnIs(desk, A, ['A001', 'A004']);
  await desk.waitForSelector('[data-sent-elsewhere]', { state: 'detached' });
  // What was answered is there too.
  await desk.selectOption('[data-action=choose_department]', FEVER);
  await columnIs(desk, `${FEVER}.q`, ['F001']);
  await choose(desk, 'F001');
  await desk.waitForSelector('.pre-checked:has-text("37.5 ℃")');
  await desk.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  await desk.waitForSelector(`[data-queue="${A}"]`);
});

test('the desk lets somebody join all the same with a reason, and leaves the questions out with one', async () => {
  await find('A003');
  await desk.keyboard.press('1');
  await desk.check('[name="temperature.none"]');
  await desk.check('[data-question=contact] [value=no]');
  await desk.click('[data-action=pre_check_go]');
  await desk.click('dialog [data-action=all_the_same]');
  await giveReason(desk);
  await columnIs(desk, A, ['A001', 'A003', 'A004']);
  await choose(desk, 'A003');
  await desk.waitForSelector('.pre-checked:has-text("仍在这里就诊:那边已经看过")');
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/answers-desk.png` });
  assert.doesNotMatch(JSON.stringify(await hospital.call('GET', `/streams/queue:${A}`, undefined, hospital.desk)), /那边已经看过|not_measured|"36\.5"|"answers"/, 'asked for, and on no stream');
  await find('A005');
  await desk.click('dialog [data-action=leave_out]');
  await giveReason(desk);
  await columnIs(desk, A, ['A001', 'A003', 'A004', 'A005']);
  await choose(desk, 'A005');
  await desk.waitForSelector('.pre-checked:has-text("没有问:门口已经问过")');
  assert.equal(await desk.$('.pre-checked dl'), null);
});

test('a walk-in is asked after the form, an emergency is not asked', async () => {
  const form = '[data-form=register_walk_in]';
  const fill = async (name, serial, cls) => {
    await desk.click('[data-side=walk_in]');
    await drawn(desk);
    await desk.fill(`${form} [name=name]`, name);
    await desk.fill(`${form} [name=number]`, residentNumber('1977-05-05', serial));
    await desk.selectOption(`${form} [name=queue]`, A);
    await desk.selectOption(`${form} [name=class]`, cls);
    await desk.click('[data-action=register_walk_in]');
  };
  await fill('钱一', 41, 'none');
  await desk.waitForSelector('dialog [data-form=pre_check]');
  await desk.keyboard.press('2');
  await desk.keyboard.type('36.8');
  await desk.check('[data-question=contact] [value=no]');
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('[data-slip] .number');
  // An alert above, the number that was given below: no field is under the button.
  const { ticket } = await hospital.call('POST', '/tickets', { queue: B, patient: await hospital.person('小亮亮', '2022-03-04', 47), pre_check: { version: 4, answers: { fever: 'yes', temperature: '39.1', contact: 'no' } } }, hospital.desk);
  await desk.waitForSelector(`[data-alert="${ticket}"]`);
  assert.deepEqual(await unseenFields(desk, form), []);
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/walk-in-alert.png` });
  await desk.click(`[data-alert="${ticket}"] [data-action=acknowledge_alert]`);
  await desk.waitForSelector(`[data-alert="${ticket}"]`, { state: 'detached' });
  await hospital.call('POST', '/tickets/cancel', { ticket, reason: '试完' }, hospital.desk);
  await fill('孙急', 43, 'emergency');
  await desk.waitForSelector('[data-row].emergency');
});

test('who was not asked is asked at the desk afterwards: an alert rings, and nobody is sent on until the desk says where to', async () => {
  const patient = await hospital.person('王小妞', '2022-03-04', 52);
  const { ticket, number } = await hospital.call('POST', '/tickets', { queue: B, patient, pre_check: { not_asked: '门口已经问过' } }, hospital.desk);
  const askNow = async (degrees) => {
    await desk.click('[data-chosen] [data-action=answer_pre_check]');
    await desk.waitForSelector('dialog [data-form=pre_check]');
    await desk.keyboard.press('2');
    await desk.keyboard.type(degrees);
    await desk.check('[data-question=contact] [value=no]');
    await desk.keyboard.press('Enter');
  };
  await choose(desk, number);
  await looks(desk);
  if (process.env.PICTURES) await desk.screenshot({ path: `${process.env.PICTURES}/ask-afterwards.png` });
  await askNow('38.6');
  await desk.waitForSelector(`[data-alert="${ticket}"][data-level=urgent]`);
  await desk.waitForSelector('[data-chosen] .pre-checked [data-answers=read]:has-text("38.6 ℃")');
  assert.equal(await desk.$('[data-chosen] [data-action=answer_pre_check]'), null, 'once');
  await desk.click(`[data-alert="${ticket}"] [data-action=acknowledge_alert]`);
  await desk.waitForSelector(`[data-alert="${ticket}"]`, { state: 'detached' });
  await hospital.call('POST', '/tickets/cancel', { ticket, reason: '去儿科' }, hospital.desk);
  // Left out before, with a reason: a grown-up's fever.
  await choose(desk, 'A005');
  await askNow('37.9');
  await desk.waitForSelector(`dialog [data-sent-to="${FEVER}"]:has-text("现在还在这里的队列里")`);
  await looks(desk);
  await desk.click('dialog [data-action=goes_alone]:has-text("先不处理")');
  await desk.waitForSelector('dialog[open]', { state: 'detached' });
  await desk.waitForSelector('[data-chosen][data-state=waiting] .pre-checked:has-text("没有问:门口已经问过")');
  await askNow('37.9');
  await desk.click(`dialog [data-queue-there="${FEVER}.q"]`);
  await desk.waitForSelector('jh-undo-bar:has-text("F00")');
  await desk.waitForSelector(`[data-queue="${A}"] [data-number=A005]`, { state: 'detached' });
});

test('other questions than were answered are asked again', async () => {
  await find('A006');
  await ask(5, (all) => ({ ...all, questions: [...all.questions, { id: 'cough', text: { zh: '咳嗽吗?', en: 'A cough?' }, kind: 'yes_no' }], rules: [...all.rules, { id: 'cough', when: { any: [{ question: 'cough', is: ['yes'] }] }, does: { alert: { level: 'urgent', text: { zh: '咳嗽', en: 'A cough' } } } }] }));
  await desk.keyboard.press('2');
  await desk.keyboard.type('36.6');
  await desk.check('[data-question=contact] [value=no]');
  await desk.click('[data-action=pre_check_go]');
  await desk.waitForSelector('dialog [data-version="5"] [data-question=cough]');
  await desk.waitForSelector('dialog .notice.soon');
  await desk.click('dialog [data-action=dialog_cancel]');
});

test('the phone asks one question a screen and says where to go', async () => {
  phone = await browser.open('/patient', SIZES.phone);
  await signInPhone(phone, hospital, '13912345678');
  await sayWho(phone, '李小四', residentNumber('1990-03-07', 17));
  await phone.waitForSelector('[data-action=open_booking]');
  await phone.click('[data-action=open_book]');
  await phone.click('[data-action=choose_department][data-department="renmin.xinnei"]');
  await phone.click('[data-session="renmin.xinnei.s1"] [data-action=hold_slot]:not([disabled])');
  await phone.click('[data-held] [data-action=confirm_appointment]');
  await phone.waitForSelector('[data-ticket][data-state=booked]');
  const code = async () => (await hospital.call('GET', '/departments/renmin.xinnei/area-code', undefined, hospital.desk)).code;
  await phone.fill('[data-form=check_in] [name=code]', await code());
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await phone.waitForSelector('dialog [data-question=fever]');
  await looks(phone);
  await answers(phone, 'no', '380', 'no');
  await answerOne(phone, 'cough', 'no');
  await phone.waitForSelector('dialog [data-all-answers="4"]');
  await looks(phone);
  if (process.env.PICTURES) await phone.screenshot({ path: `${process.env.PICTURES}/all-answers-phone.png` });
  // What was measured stands there when it is looked at again, also from the first one, and all can be left.
  await pause(550);
  await phone.click('[data-given=temperature] [data-action=change_answer]');
  await phone.waitForSelector('[data-question=temperature] output:has-text("38.0")');
  await pause(550);
  await phone.click('[data-action=question_back]');
  await pause(550);
  await phone.click('[data-given=fever] [data-action=change_answer]');
  await pause(550);
  await phone.click('[data-action=question_back]:has-text("返回")');
  await phone.waitForSelector('dialog [data-all-answers="4"] [data-action=questions_left]:has-text("取消")');
  await sendAnswers(phone);
  await phone.waitForSelector(`dialog [data-sent-to="${FEVER}"]`);
  await phone.click('dialog [data-action=dialog_cancel]');
  await phone.waitForSelector('[data-ticket] .notice.soon:has-text("发热门诊")');
  // The desk is told so, before and after other answers.
  await desk.fill('#search', '李小四');
  await desk.waitForSelector(`.found .hit [data-sent-to="${FEVER}"]:has-text("发热门诊")`);
  await looks(desk);
  await phone.fill('[data-form=check_in] [name=code]', await code());
  await phone.click('[data-form=check_in] [data-action=check_in]');
  await answers(phone, 'no', '', 'no');
  await answerOne(phone, 'cough', 'yes');
  await sendAnswers(phone);
  await phone.waitForSelector('[data-ticket][data-state=waiting] .big-words:has-text("请马上到分诊台")');
  await phone.waitForSelector('#notice .notice.alarm:has-text("请马上到分诊台")');
  assert.doesNotMatch(await phone.textContent('body'), /咳嗽|留意叫号/);
  if (process.env.PICTURES) await phone.screenshot({ path: `${process.env.PICTURES}/alert-phone.png` });
  await desk.click('[data-action=acknowledge_alert]');
  await phone.waitForSelector('[data-ticket] .big-words:not(:has-text("分诊台"))');
});

test('the doctor reads what was answered of who is called, and is told when it is not there', async () => {
  const doctor = await browser.staff('/doctor', SIZES.console, 'liming');
  const held = [];
  await doctor.route('**/api/v1/tickets/*/pre-check', (route) => held.push(route));
  // What the page has asked for comes here a moment after it says so.
  const asked = async () => {
    for (let tries = 0; !held.length; tries += 1) {
      assert.ok(tries < 200, 'nothing is asked');
      await pause(25);
    }
    assert.equal(held.length, 1);
    return held.pop();
  };
  const next = async (outcome) => {
    const before = await doctor.getAttribute('[data-in-hand]', 'data-in-hand');
    if (outcome) await seenByHand(doctor, `[data-outcome=${outcome}]`);
    else await doctor.click('.hand [data-action=call_next_patient]');
    await doctor.waitForFunction((was) => document.querySelector('[data-in-hand]').dataset.inHand !== was, before);
  };
  await next('');
  await doctor.waitForSelector('.hand:has-text("孙急")');
  assert.equal(held.length, 0, 'an emergency was not asked');
  await doctor.waitForSelector('.hand [data-unasked]:has-text("预检未问,请当面问一问")');
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/unasked-doctor.png` });
  await next('seen');
  await doctor.waitForSelector('.hand .pre-checked [data-answers=reading]:has-text("体温")');
  await looks(doctor);
  const top = () => doctor.$eval('.hand [data-outcome=seen]', (button) => button.getBoundingClientRect().top);
  const reading = await top();
  // The browser notes such an answer.
  browser.serverIsDown = true;
  await (await asked()).fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal"}' });
  await doctor.waitForSelector('.hand [data-answers=not_read] [data-action=read_pre_check]');
  browser.serverIsDown = false;
  await looks(doctor);
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/answers-not-read.png` });
  await doctor.click('[data-action=read_pre_check]');
  await doctor.waitForSelector('.hand [data-answers=reading]');
  await (await asked()).fallback();
  await doctor.waitForSelector('.hand .pre-checked [data-answers=read]:has-text("℃")');
  assert.equal(await top(), reading, 'nothing moves under a hand when the answers come');
  // This hospital's screens are not switched on.
  await doctor.waitForSelector('.hand [data-not-announced]');
  assert.equal(await top(), reading, 'nor when it turns out that nobody has shown the call');
  for (const size of [SMALL_SCREEN, SIZES.console]) {
    await doctor.setViewportSize(size);
    await drawn(doctor);
    assert.ok(await doctor.$eval('.hand [data-not-announced]', (one) => {
      const { left, top: y, width, height } = one.getBoundingClientRect();
      return one.contains(document.elementFromPoint(left + width / 2, y + height / 2)) && y >= 0 && y + height <= innerHeight;
    }), `it is seen at ${size.width} × ${size.height}`);
    if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/unheard-${size.height}.png` });
  }
  // The longer words stand in the same place.
  const line = () => doctor.$eval('.hand .eyebrow', (one) => one.getBoundingClientRect().height);
  const height = await line();
  await doctor.click('[data-action=switch_language]');
  await doctor.waitForSelector('.hand [data-not-announced]:has-text("please call at the door")');
  assert.equal(await line(), height);
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/unheard-en.png` });
  await doctor.click('[data-action=switch_language]');
  await looks(doctor);
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/answers-doctor.png` });
  // The key of the next one is gone.
  await next('seen');
  await doctor.waitForSelector('.hand [data-answers=reading]');
  await (await asked()).fulfill({ contentType: 'application/json', body: '{"answers":null,"not_asked":null,"all_the_same":null}' });
  await doctor.waitForSelector('.hand [data-answers=gone]:has-text("密钥已删除")');
  await looks(doctor);
  if (process.env.PICTURES) await doctor.screenshot({ path: `${process.env.PICTURES}/answers-gone.png` });
  await doctor.context().close();
});

test('whom the department where the rule sends does not take stands in no line, and the desk decides', async () => {
  const patient = await hospital.person('吴小丽', '1979-03-03', 61);
  const answers = { fever: 'yes', temperature: '38.5', contact: 'no', cough: 'no' };
  const { ticket } = await hospital.call('POST', '/tickets', { queue: A, patient, pre_check: { version: 5, answers, to: `${FEVER}.q` } }, hospital.desk);
  // A queue is retired while somebody is on the way to it: too short a moment to be met here. What the house says then is put
  // into what it says now.
  const asked = [];
  const refused = (part) => {
    if (Array.isArray(part)) return part.map(refused);
    if (!part || typeof part !== 'object') return part;
    const one = Object.fromEntries(Object.entries(part).map(([name, inside]) => [name, refused(inside)]));
    if (one.ticket !== ticket || !one.pre_check) return one;
    const alert = { about: 'not_taken', level: 'urgent', rule: null, text: null, at: one.checked_in_at, open: true };
    return { ...one, state: 'in_transit', ended: null, linked_to: null, transfer_since: one.checked_in_at, pre_check: { ...one.pre_check, sent_to: FEVER, alert } };
  };
  const other = await browser.open('/desk', SIZES.desk);
  await other.routeWebSocket(/./, (socket) => {
    const house = socket.connectToServer();
    house.onMessage((text) => socket.send(JSON.stringify(refused(JSON.parse(text)))));
    socket.onMessage((text) => {
      const frame = JSON.parse(text);
      if (!frame.command?.recall_transfer) house.send(text);
      else {
        asked.push(frame.command.recall_transfer);
        socket.send(JSON.stringify({ type: 'done', reply_to: frame.id, result: { ticket, state: 'waiting' } }));
      }
    });
  });
  await other.fill('[name=name]', 'fenzhen');
  await other.fill('[name=password]', PASSWORD);
  await other.click('[data-action=sign_in]');
  await other.waitForSelector('[data-action=choose_department]');
  await other.selectOption('[data-action=choose_department]', 'renmin.xinnei');
  const alert = `[data-alert="${ticket}"][data-level=urgent]`;
  await other.waitForSelector(`${alert}:has-text("发热门诊没有接收,现在不在任何队列里")`);
  assert.equal(await other.$('[data-stuck]'), null, 'on the way it is no more');
  await looks(other);
  if (process.env.PICTURES) await other.screenshot({ path: `${process.env.PICTURES}/not-taken.png` });
  await other.click(`${alert} [data-action=show_alert]`);
  await other.waitForSelector('[data-chosen] .pre-checked .notice.alarm:has-text("没有接收")');
  assert.deepEqual(await other.$$eval('[data-chosen] .acts [data-action]', (all) => all.map((one) => one.textContent)), ['改派…', '排进这里的队列', '退号…']);
  await looks(other);
  await other.click('[data-chosen] [data-action=recall_transfer]');
  await other.waitForSelector('jh-undo-bar:has-text("已排进这里的队列")');
  assert.deepEqual(asked, [{ ticket }]);
  await other.context().close();
});

test('a rule that sends to a retired department is seen in operations, and is not taken for another', async () => {
  const ops = await browser.open('/ops', SIZES.desk);
  // Retired while the rule was saved: what the house says then.
  await ops.route('**/api/v1/site/renmin', async (route) => {
    const answer = await route.fetch();
    const site = await answer.json();
    const retire = (list) => (Array.isArray(list) ? list.map((one) => (one.id === FEVER ? { ...one, retired: true } : one)) : { ...list, [FEVER]: { ...list[FEVER], retired: true } });
    await route.fulfill({ json: { ...site, departments: retire(site.departments) } });
  });
  await ops.fill('[name=name]', 'yunxing');
  await ops.fill('[name=password]', PASSWORD);
  await ops.click('[data-action=sign_in]');
  await ops.click('[data-part=questions]');
  await ops.waitForSelector('[data-to-retired="2 3"]:has-text("送去的科室已停用")');
  const [rule] = await ops.$$eval('[data-rule-row]:has([data-retired])', (all) => all.map((one) => one.dataset.ruleRow));
  const select = `[data-rule-row="${rule}"] [name^=department]`;
  assert.equal(await ops.$eval(select, (one) => one.selectedOptions[0].textContent), '发热门诊(已停用)');
  await looks(ops);
  if (process.env.PICTURES) await ops.screenshot({ path: `${process.env.PICTURES}/rule-retired.png`, fullPage: true });
  await ops.click('[data-action=save_questions]');
  assert.equal(await ops.$eval(select, (one) => one.validity.valueMissing), true, 'it is not saved like this');
  await ops.selectOption(select, 'renmin.yanke');
  await ops.waitForSelector(`[data-rule-row="${rule}"] [data-retired]`, { state: 'detached' });
  await ops.context().close();
});

test('no screen says anything of it', async () => {
  const board = await hospital.call('GET', '/streams/board:renmin.b3f', undefined, hospital.desk);
  const door = await hospital.call('GET', '/streams/door:renmin.xinnei.r3', undefined, hospital.desk);
  for (const stream of [board, door]) assert.doesNotMatch(JSON.stringify(stream), /fever|发烧|(?<![:\d])38\.6(?!\d)|pre_check/);
});
