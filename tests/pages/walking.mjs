// Going through a page by Tab alone, as somebody without a mouse does.

import assert from 'node:assert/strict';
import { CONTROLS } from './hospital.mjs';

/** Names the controls of a page that are there to be seen, in their order. */
export const controls = (page) => page.evaluate((selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('[inert]') && one.matches(':not(fieldset:disabled *)'))
  .map((one) => one.id || (Object.keys(one.dataset).length ? JSON.stringify(one.dataset) : one.textContent) + (one.name || '') + (one.value || '')), CONTROLS);

/** Goes through a page by Tab until it comes round, as somebody without a mouse does; gives what had the focus. */
export async function walk(page) {
  await page.evaluate(() => {
    document.activeElement.blur();
    getSelection().removeAllRanges();
  });
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  const seen = [];
  for (let i = 0; i < 400; i += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const faults = [];
      // A field of a date has several stops; its last one, the picker's sign, has the browser's own ring.
      const same = one === window.before;
      window.before = one;
      if (!same && (style.outlineStyle === 'none' || Number.parseFloat(style.outlineWidth) < 2)) faults.push('no outline');
      // At least one of its points is to be seen: nothing lies over all of it.
      const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]].map(([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
      if (!points.some((p) => p && (one.contains(p) || p.contains(one) || p.closest('label')?.contains(one)))) faults.push(`covered (${Math.round(box.left)}, ${Math.round(box.top)}, ${Math.round(box.width)} × ${Math.round(box.height)})`);
      const name = one.id || (Object.keys(one.dataset).length ? JSON.stringify(one.dataset) : one.textContent) + (one.name || '') + (one.value || '');
      const again = one.walked === window.walking && !same;
      one.walked = window.walking;
      return { name, again, faults: faults.map((fault) => `${fault}: ${one.outerHTML.slice(0, 120)}`) };
    });
    if (!at || at.again) return seen;
    seen.push(at);
  }
  assert.fail('Tab never comes round: a trap');
}

/** All that is seen can be reached, the focus is seen everywhere, and Shift+Tab leads back. */
export async function walksThrough(page, state) {
  await page.evaluate(() => {
    window.walking = {};
  });
  const wanted = await controls(page);
  const seen = await walk(page);
  assert.deepEqual(seen.flatMap((one) => one.faults), [], state);
  const reached = new Set(seen.map((one) => one.name));
  // Of a group of radio buttons one is reached, the rest by arrow keys.
  assert.deepEqual(wanted.filter((one) => !reached.has(one)), [], `${state}: not reached`);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
}
