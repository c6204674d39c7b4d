// What a house consists of, as forms: for each kind its command, where its list is, and its fields.

/**
 * A field: `type` is text, id, number, money, check, choose, choose_many, date, time_at, slots, password or json.
 * `of` names the list that is chosen from; `under` what an id begins with.
 * @typedef {{name: string, type: string, required?: boolean, of?: string, options?: string[], under?: string, start?: any}} Field
 * @typedef {{kind: string, command: string, retire: string|null, list: string, under: string, fields: Field[]}} Kind
 */

/** @type {Kind[]} */
export const KINDS = [
  {
    kind: 'site', command: 'define_site', retire: null, list: 'sites', under: '',
    fields: [
      { name: 'id', type: 'id', required: true },
      { name: 'name', type: 'text', required: true },
      { name: 'name_en', type: 'text' },
      { name: 'time_zone', type: 'text', required: true, start: 'Asia/Shanghai' },
    ],
  },
  {
    kind: 'department', command: 'define_department', retire: 'retire_department', list: 'departments', under: 'site',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'site' },
      { name: 'name', type: 'text', required: true },
      { name: 'name_en', type: 'text' },
      { name: 'neutral_name', type: 'text' },
      { name: 'number_only', type: 'check' },
      { name: 'settings', type: 'json' },
    ],
  },
  {
    kind: 'service_point', command: 'define_service_point', retire: 'retire_service_point', list: 'service_points', under: 'department',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'department' },
      { name: 'name', type: 'text', required: true },
      { name: 'name_en', type: 'text' },
      { name: 'order', type: 'number', start: 0 },
      { name: 'door_cap', type: 'number' },
    ],
  },
  {
    kind: 'doctor', command: 'define_doctor', retire: 'retire_doctor', list: 'doctors', under: 'site',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'site' },
      { name: 'name', type: 'text', required: true },
      { name: 'title', type: 'text', required: true },
      { name: 'departments', type: 'choose_many', of: 'departments' },
    ],
  },
  {
    kind: 'queue', command: 'define_queue', retire: 'retire_queue', list: 'queues', under: 'department',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'department' },
      { name: 'name', type: 'text', required: true },
      { name: 'prefix', type: 'text', required: true },
      { name: 'doctors', type: 'choose_many', of: 'doctors' },
    ],
  },
  {
    kind: 'session', command: 'define_session', retire: 'retire_session', list: 'sessions', under: 'department',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'department' },
      { name: 'date', type: 'date', required: true },
      { name: 'period', type: 'choose', options: ['morning', 'afternoon', 'evening', 'night', 'day'], required: true },
      { name: 'queue', type: 'choose', of: 'queues', required: true },
      { name: 'doctor', type: 'choose', of: 'doctors' },
      { name: 'service_point', type: 'choose', of: 'service_points' },
      { name: 'registration_class', type: 'text', required: true },
      { name: 'fee_fen', type: 'money', start: 0 },
      { name: 'slots', type: 'slots', required: true, start: '08:00 30 6\n08:30 30 6\n09:00 30 6\n09:30 30 6\n10:00 30 6\n10:30 30 6' },
      { name: 'high_demand', type: 'check' },
      { name: 'released_at', type: 'time_at' },
    ],
  },
  {
    kind: 'board', command: 'define_board', retire: 'retire_board', list: 'boards', under: 'site',
    fields: [
      { name: 'id', type: 'id', required: true, under: 'site' },
      { name: 'name', type: 'text', required: true },
      { name: 'name_en', type: 'text' },
      { name: 'queues', type: 'choose_many', of: 'queues' },
      { name: 'speaks', type: 'check', start: true },
      { name: 'english', type: 'check' },
      { name: 'yao', type: 'check' },
    ],
  },
  {
    kind: 'staff', command: 'define_staff', retire: 'retire_staff', list: 'staff', under: '',
    fields: [
      { name: 'id', type: 'id', required: true },
      { name: 'role', type: 'choose', options: ['doctor', 'desk', 'kiosk', 'operator', 'integrator'], required: true },
      { name: 'password', type: 'password' },
      { name: 'site', type: 'choose', of: 'sites' },
      { name: 'departments', type: 'choose_many', of: 'departments' },
      { name: 'doctor', type: 'choose', of: 'doctors' },
      { name: 'may_issue', type: 'check' },
    ],
  },
];

/** Lines of `start minutes places` as the command's slots. @param {string} text */
export function slotsOf(text) {
  return text.split(/\n/).map((line) => line.trim()).filter(Boolean).map((line) => {
    const [start, minutes, capacity] = line.split(/[\s,;]+/);
    return { start, minutes: Number(minutes), capacity: Number(capacity) };
  });
}
