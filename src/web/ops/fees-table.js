// A day's payments as a table for a spreadsheet: one line for each payment, with what of it goes back.

import { accountWord, wayWord } from '../components/fees.js';
import { clockOf } from '../lib/clock.js';
import { t } from '../lib/i18n.js';
import { yuan } from '../lib/words.js';

const COLUMNS = ['number', 'time', 'doctor', 'state', 'paid', 'way', 'receipt', 'by', 'at', 'kept', 'owed', 'given'];

/** A cell is text: what a spreadsheet would compute begins with a sign that it does not. @param {string} text */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** @param {any[]} appointments @param {(one: any) => string} doctorOf */
export function tableOf(appointments, doctorOf) {
  const sum = (/** @type {any} */ order, /** @type {string} */ standing) => order.refunds.filter((/** @type {any} */ refund) => refund.standing === standing)
    .reduce((/** @type {number} */ n, /** @type {any} */ refund) => n + refund.amount_fen, 0);
  const lines = appointments.flatMap((one) => one.orders.map((/** @type {any} */ order) => [
    one.number || '', one.slot_start ? `${one.slot_start.slice(0, 10)} ${clockOf(one.slot_start)}` : '', doctorOf(one), one.state ? t(`appointment.${one.state}`) : '',
    yuan(order.amount_fen), wayWord(order.way), order.receipt || '', accountWord(order.by), `${order.at.slice(0, 10)} ${clockOf(order.at)}`,
    yuan(order.kept_fen), yuan(sum(order, 'owed')), yuan(sum(order, 'given'))]));
  return [COLUMNS.map((column) => t(`fees.head.${column}`)), ...lines].map((line) => line.map(cell).join(',')).join('\r\n');
}

/** Spreadsheets know by the mark at its beginning how it is written. @param {any[]} appointments @param {(one: any) => string} doctorOf @param {string} name of the file */
export function saveTable(appointments, doctorOf, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`\uFEFF${tableOf(appointments, doctorOf)}\r\n`], { type: 'text/csv' }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
