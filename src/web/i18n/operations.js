// The words of operations alone: pages of others do not load them.

import { addWords } from '../lib/i18n.js';
import en from './ops_en.js';
import zh from './ops_zh.js';
import reportsEn from './reports_en.js';
import reportsZh from './reports_zh.js';

addWords({ zh: { ...zh, ...reportsZh }, en: { ...en, ...reportsEn } });
