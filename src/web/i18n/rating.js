// The words of "how was it?": a phone loads them with it.

import { addWords } from '../lib/i18n.js';
import en from './rating_en.js';
import zh from './rating_zh.js';

addWords({ zh, en });
