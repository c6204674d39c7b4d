// The words of the desk: the others of the staff do not load them.

import { addWords } from '../lib/i18n.js';
import en from './desk_en.js';
import zh from './desk_zh.js';

addWords({ zh, en });
