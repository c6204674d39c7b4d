// What a house consists of, as forms: for each kind its command, where its list is, and its fields.

import { CLASSES, PERIODS } from '../components/slots.js';

/**
 * What a form knows beside its fields: the site that is open, the department that is chosen, what is changed (none: a new
 * thing), the role that is chosen, what is wrong, by field, and the thing of the list that has the new one's id (`taken`).
 * @typedef {{site: import('../lib/site.js').Site|null, sites: any[], staff: any[], zones: string[], department: string, editing: any,
 *   role: string, ownSite: string|null, mayIssue: boolean, account: string, wrong: Object<string, string>, taken: any, form: string, name: string,
 *   slots: import('../components/slots.js').Slot[], today: string, draw: () => void}} Look
 */
/**
 * A field: `type` is text, suggested, id, number, degrees, money, check, choose, choose_many, zone, date, time_at, slots, password or
 * rules. `of` names the list that is chosen from; `under` what an id begins with; `from` the fields that an id is proposed
 * from; `only` the roles that have it; `start` is where a new thing begins, or says it.
 * @typedef {{name: string, type: string, required?: boolean, of?: string, options?: string[], under?: string, start?: any,
 *   only?: string[], here?: boolean, max?: number}} Field
 * @typedef {{kind: string, command: string, retire: string|null, list: string, under: string, fields: Field[]}} Kind
 */

/** @param {string} id @param {number} n */
const first = (id, n) => id.split('.').slice(0, n).join('.');

/** The next letter that no queue of the site has. @param {Look} look */
function freePrefix(look) {
  const taken = look.site ? look.site.all('queues').map((queue) => queue.prefix) : [];
  return Array.from('ABCDEFGHJKLMNPQRSTUVWXYZ').find((letter) => !taken.includes(letter)) || '';
}

/** @param {Look} look */
const nextOrder = (look) => (look.site ? look.site.of('service_points', look.department).reduce((most, point) => Math.max(most, point.order), 0) : 0) + 1;

/** Where there are several, each is chosen: the first is not whose doctor it is. @param {Look} look @returns {string[]} */
function onlyDepartment(look) {
  const all = look.site ? look.site.all('departments') : [];
  return all.length === 1 ? [all[0].id] : [];
}

/** Doctors of the department, those who have no account yet first. @param {Look} look */
function likelyDoctor(look) {
  const here = look.site ? look.site.all('doctors') : [];
  const without = here.find((doctor) => !look.staff.some((one) => one.doctor === doctor.id));
  return (without || { id: '' }).id;
}

/** @type {Kind[]} */
export const KINDS = [
  {
    kind: 'site', command: 'define_site', retire: null, list: 'sites', under: '',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'id', type: 'id', required: true },
      { name: 'time_zone', type: 'zone', required: true, start: 'Asia/Shanghai' },
      { name: 'latitude', type: 'degrees', max: 90 },
      { name: 'longitude', type: 'degrees', max: 180 },
    ],
  },
  {
    kind: 'department', command: 'define_department', retire: 'retire_department', list: 'departments', under: 'site',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'id', type: 'id', required: true, under: 'site' },
      { name: 'neutral_name', type: 'text', max: 60 },
      { name: 'speciality', type: 'text', max: 200 },
      { name: 'number_only', type: 'check' },
      { name: 'settings', type: 'rules' },
    ],
  },
  {
    kind: 'service_point', command: 'define_service_point', retire: 'retire_service_point', list: 'service_points', under: 'department',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'id', type: 'id', required: true, under: 'department' },
      { name: 'order', type: 'number', start: nextOrder },
      { name: 'door_cap', type: 'number' },
    ],
  },
  {
    kind: 'doctor', command: 'define_doctor', retire: 'retire_doctor', list: 'doctors', under: 'site',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'title', type: 'suggested', required: true, options: ['chief', 'associate', 'attending', 'resident'], max: 60 },
      { name: 'registration_class', type: 'suggested', options: CLASSES, max: 60 },
      { name: 'speciality', type: 'text', max: 200 },
      { name: 'id', type: 'id', required: true, under: 'site' },
      { name: 'departments', type: 'choose_many', of: 'departments', required: true, start: onlyDepartment },
    ],
  },
  {
    kind: 'queue', command: 'define_queue', retire: 'retire_queue', list: 'queues', under: 'department',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'prefix', type: 'text', required: true, start: freePrefix, max: 3 },
      { name: 'id', type: 'id', required: true, under: 'department' },
      { name: 'doctors', type: 'choose_many', of: 'doctors', here: true },
    ],
  },
  {
    kind: 'session', command: 'define_session', retire: 'retire_session', list: 'sessions', under: 'department',
    fields: [
      { name: 'date', type: 'date', required: true, start: (/** @type {Look} */ look) => look.today },
      { name: 'period', type: 'choose', options: PERIODS, required: true, start: 'morning' },
      { name: 'queue', type: 'choose', of: 'queues', required: true, here: true },
      { name: 'doctor', type: 'choose', of: 'doctors', here: true },
      { name: 'service_point', type: 'choose', of: 'service_points', here: true },
      { name: 'registration_class', type: 'suggested', required: true, options: CLASSES, max: 60 },
      { name: 'fee_fen', type: 'money', start: 0 },
      { name: 'slots', type: 'slots', required: true },
      { name: 'high_demand', type: 'check' },
      { name: 'released_at', type: 'time_at' },
      { name: 'id', type: 'id', required: true, under: 'department' },
    ],
  },
  {
    kind: 'board', command: 'define_board', retire: 'retire_board', list: 'boards', under: 'site',
    fields: [
      { name: 'name', type: 'text', required: true, max: 60 },
      { name: 'name_en', type: 'text', max: 60 },
      { name: 'id', type: 'id', required: true, under: 'site' },
      {
        name: 'queues', type: 'choose_many', of: 'queues',
        start: (/** @type {Look} */ look) => (look.site ? look.site.of('queues', look.department).map((queue) => queue.id) : []),
      },
      { name: 'speaks', type: 'check', start: true },
      { name: 'english', type: 'check' },
      { name: 'yao', type: 'check' },
    ],
  },
  {
    kind: 'staff', command: 'define_staff', retire: 'retire_staff', list: 'staff', under: '',
    fields: [
      { name: 'role', type: 'choose', options: ['doctor', 'desk', 'kiosk', 'operator', 'integrator'], required: true },
      { name: 'doctor', type: 'choose', of: 'doctors', required: true, only: ['doctor'], start: likelyDoctor },
      { name: 'site', type: 'choose', of: 'sites', required: true, only: ['desk', 'kiosk', 'integrator'] },
      { name: 'site', type: 'choose', of: 'sites', only: ['operator'] },
      { name: 'departments', type: 'choose_many', of: 'departments', only: ['desk', 'kiosk'] },
      { name: 'id', type: 'id', required: true, max: 48 },
      { name: 'password', type: 'password' },
      { name: 'may_issue', type: 'check', only: ['operator'] },
    ],
  },
];

/** The fields that a form shows now. @param {Kind} kind @param {Look} look */
export const fieldsOf = (kind, look) => kind.fields.filter((field) => !field.only || field.only.includes(look.role));

/** @param {any} one */
export const idOf = (one) => one.id || one.session || one.site;

/** What an id of this kind begins with. @param {Kind} kind @param {Look} look */
export function parentOf(kind, look) {
  if (kind.under === 'site') return look.site ? `${look.site.id}.` : '';
  return kind.under === 'department' && look.department ? `${look.department}.` : '';
}

/** Whether a thing stands under a department. @param {any} one @param {string} department */
export const isUnder = (one, department) => first(idOf(one), 2) === department;
