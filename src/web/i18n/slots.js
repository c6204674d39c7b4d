// The words of slots and of screens: loaded with what shows them.

import { addWords } from '../lib/i18n.js';
import en from './slots_en.js';
import zh from './slots_zh.js';

addWords({ zh, en });
