// A house reads the voice of its screens by itself: seen on /ops while it is made, named where it cannot be, and never put over
// what somebody has made. The program that reads is the real one behind a slow door that can be shut.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Browser, Hospital, ONE_SLOT, pause, SIZES } from './hospital.mjs';

let hospital;
let browser;
let ops;
const programs = fs.mkdtempSync(path.join(os.tmpdir(), 'jiaohao-espeak-'));
const shut = path.join(programs, 'shut');

before(async () => {
  fs.writeFileSync(path.join(programs, 'espeak-ng'), `#!/bin/sh
if [ "$1" != --version ]; then
  [ -e ${shut} ] && exit 3
  sleep 0.1
fi
PATH=/usr/bin:/bin
exec espeak-ng "$@"
`, { mode: 0o755 });
  fs.writeFileSync(shut, '');
  hospital = await new Hospital({ speed: 1 }, { PATH: `${programs}:${process.env.PATH}`, JIAOHAO_SCREENS__MAKE_VOICE: 'true' }).open();
  await hospital.define(ONE_SLOT);
  browser = await new Browser(hospital.base).start();
  ops = await browser.staff('/ops', SIZES.console, 'yunxing');
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  fs.rmSync(programs, { recursive: true, force: true });
});

const voice = () => hospital.call('GET', '/voice/renmin');

test('what the computer could not read is named on /ops, and no pack is made of it', async () => {
  await ops.waitForSelector('[data-problem=voice_not_made]');
  await ops.click('[data-part=voice]');
  await ops.waitForSelector('[data-voice-failed]:has-text("exit status: 3")');
  assert.equal(await ops.getAttribute('[data-voice]', 'data-voice'), 'none');
});

test('a place is defined: it is tried again, seen while it is made, and the screens have it', async () => {
  fs.rmSync(shut);
  await hospital.call('PUT', '/service-points', { id: 'renmin.xinnei.r7', name: '7号诊室', name_en: 'Room 7' });
  await pause(7000);
  assert.equal((await voice()).used, null, 'the places say nothing new: it is not tried for ever');
  await hospital.call('PUT', '/service-points', { id: 'renmin.xinnei.c1', name: '1号窗口', name_en: 'Window 1' });
  const seen = await ops.waitForSelector('.voice-used [data-voice-reading]');
  assert.match(await seen.textContent(), /第 \d+ 条,共 \d+ 条/);
  await ops.waitForSelector('[data-voice=unasked]');
  await ops.waitForSelector('[data-voice-reading]', { state: 'detached' });
  assert.equal(await ops.$('[data-voice-failed]'), null);
  assert.equal((await voice()).used.made_by, 'unasked');
});

test('it grows with the places until somebody presses: then it is theirs', async () => {
  await hospital.call('PUT', '/service-points', { id: 'renmin.xinnei.ct', name: '2号检查室', name_en: 'Examination 2' });
  await ops.click('[data-part=figures]');
  await ops.waitForSelector('[data-site=renmin] [data-voice-reading]');
  await ops.waitForSelector('[data-site=renmin] [data-voice-reading]', { state: 'detached' });
  const grown = await voice();
  assert.ok(grown.clips.find((clip) => clip.clip === '号检查室').used_ms > 0);
  await ops.click('[data-part=voice]');
  await ops.click('[data-action=make_voice]');
  await ops.waitForSelector('.voice-used [data-voice-reading]');
  await ops.waitForSelector('[data-voice=espeak]');
  await hospital.call('PUT', '/service-points', { id: 'renmin.xinnei.x', name: '3号抽血处', name_en: 'Blood 3' });
  await pause(7000);
  const theirs = await voice();
  assert.deepEqual([theirs.used.made_by, theirs.used.version, theirs.reading], ['espeak', grown.used.version, null]);
  assert.deepEqual(browser.complaints, []);
});
