// The words of paying by phone: loaded with what they are for.

import { addWords } from '../lib/i18n.js';
import en from './paying_en.js';
import zh from './paying_zh.js';

addWords({ zh, en });
