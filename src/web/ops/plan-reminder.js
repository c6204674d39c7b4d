// At what time of day whoever is booked for the next day is reminded, if at all.

import { fieldView } from '../components/fields.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { askRules } from './ask-rules.js';
import { isOffline, known, readPlan, sendNow } from './plan-data.js';
import { wrongOf } from './plan-parts.js';
import { clockAt, minutesOf } from './plan-words.js';

/** The rule, and a way to change it. @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look */
export function reminderRule(page, look) {
  const at = known.plan.reminder_min;
  return h('p', { class: 'card pad ahead', key: 'reminder', 'data-reminder': at === null ? '' : clockAt(at) },
    h('span', null, at === null ? t('planning.reminder_none') : t('planning.reminder', { time: clockAt(at) })),
    h('button', { type: 'button', class: 'btn small', 'data-action': 'change_reminder', 'aria-label': t('ops.edit_of', { name: t('planning.reminder_title') }), disabled: isOffline(page), onclick: () => changeReminder(page, look) }, t('ops.edit')));
}

/** @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look */
async function changeReminder(page, look) {
  const was = known.plan.reminder_min;
  const done = await askRules({
    title: t('planning.reminder_title'),
    command: 'define_reminder',
    fields: (wrong) => [h('p', { key: 'hint' }, t('planning.reminder_hint')),
      fieldView({ name: 'at_min', words: t('planning.reminder_at'), hint: t('planning.reminder_at_hint'), wrong: wrong.at_min, type: 'time', min: '07:00', max: '21:59', value: was === null ? '' : clockAt(was) })],
    send: (f) => sendNow(page, 'define_reminder', { department: look.department, at_min: f.at_min.value ? minutesOf(f.at_min.value) : undefined }),
    wrongOf: (refusal, form) => wrongOf(refusal, form, look.today),
  });
  if (!done) return;
  page.notify(t('ops.saved'), 'good');
  await readPlan(page, look.today);
}
