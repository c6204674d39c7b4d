// Approving and revoking screens, for the desk and operations.

import '../i18n/slots.js';
import { h } from '../lib/dom.js';
import { named, t } from '../lib/i18n.js';
import { whenWord } from '../lib/words.js';

/** What a paired screen is known by: the room at whose door it hangs, or its board. @param {any} screen @param {import('../lib/site.js').Site} site */
export function whereHangs(screen, site) {
  const room = screen.door && site.one('service_points', screen.door);
  const board = site.one('boards', screen.board);
  if (room) return t('screens.at_door', { room: named(room.name, room.name_en) });
  return board ? named(board.name, board.name_en) : screen.board;
}

/**
 * @param {{site: import('../lib/site.js').Site, send: (name: string, body: any) => Promise<any>, after: () => void}} o
 */
export function screensView(o) {
  const boards = o.site.all('boards');
  const screens = o.site.all('screens');
  return h('div', { class: 'form', key: 'screens' },
    h('form', {
      class: 'form', 'data-form': 'approve_screen',
      onsubmit: async (/** @type {any} */ event) => {
        event.preventDefault();
        const form = event.target;
        const body = { code: form.elements.code.value.replace(/\s/g, ''), board: form.elements.board.value };
        if (await o.send('approve_screen', body)) {
          // The next screen's digits may stand there by now.
          if (form.elements.code.value.replace(/\s/g, '') === body.code) form.reset();
          o.after();
        }
      },
    },
    h('h2', null, t('screens.approve')),
    h('p', { class: 'muted' }, t('screens.approve_how')),
    h('label', { class: 'field' }, h('span', null, t('screens.code')),
      h('input', { class: 'input', name: 'code', inputmode: 'numeric', pattern: '[0-9 ]{6,7}', required: true, autocomplete: 'off' })),
    h('label', { class: 'field' }, h('span', null, t('screens.board')),
      h('select', { class: 'input', name: 'board', required: true }, boards.map((b) => h('option', { key: b.id, value: b.id }, named(b.name, b.name_en))))),
    h('button', { class: 'btn primary wide', 'data-action': 'approve_screen' }, t('screens.approve_go'))),
    h('h2', { key: 'h' }, t('screens.paired')),
    screens.length
      ? h('ul', { class: 'list paired', key: 'list' }, screens.map((s) => {
        const at = s.last_seen ? whenWord(s.last_seen) : '';
        return h('li', { key: s.screen, 'data-screen': s.screen },
          h('span', null, whereHangs(s, o.site),
            h('small', { class: 'muted' }, s.screen.split('.').pop()),
            h('span', { class: 'tags' },
              h('span', { class: `tag ${s.online ? 'good' : 'soon'}` }, s.online ? t('screens.online') : at ? t('screens.last_seen', { time: at }) : t('screens.not_seen')),
              s.online && s.silent ? h('span', { class: 'tag soon', 'data-silent': s.screen }, t('screens.silent')) : null)),
          h('button', {
            type: 'button', class: 'btn small danger', 'data-action': 'revoke_screen', 'data-screen': s.screen,
            onclick: async () => (await o.send('revoke_screen', { screen: s.screen })) && o.after(),
          }, t('screens.revoke')));
      }))
      : h('p', { class: 'muted', key: 'none' }, t('screens.none')));
}
