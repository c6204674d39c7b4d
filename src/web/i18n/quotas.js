// The words of the places that are kept in single slots: loaded with what shows them.

import { addWords } from '../lib/i18n.js';
import en from './quotas_en.js';
import zh from './quotas_zh.js';

addWords({ zh, en });
