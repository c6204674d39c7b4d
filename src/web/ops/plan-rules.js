// Rules of a department about its plan, changed in a form over the page; then it is said what became of the sessions.

import { t } from '../lib/i18n.js';
import { askRules } from './ask-rules.js';
import { readPlan, sendNow } from './plan-data.js';
import { wrongOf } from './plan-parts.js';
import { isLeft, plannedWords } from './plan-words.js';

/**
 * @param {import('../lib/page.js').Page} page @param {import('./kinds.js').Look} look
 * @param {{title: string, command: string, fields: (wrong: Object<string, string>) => any[], body: (elements: any) => any}} rules `fields` with what is wrong, by field; `body` of the command, but for the department
 */
export async function changeRules(page, look, { title, command, fields, body }) {
  const done = await askRules({
    title, command, fields, send: (elements) => sendNow(page, command, { department: look.department, ...body(elements) }), wrongOf: (refusal, form) => wrongOf(refusal, form, look.today),
  });
  if (!done) return;
  page.notify(`${t('ops.saved')} ${plannedWords(done)}`, isLeft(done) ? 'soon' : 'good');
  await readPlan(page, look.today);
}
