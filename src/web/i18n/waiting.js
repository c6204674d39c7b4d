// The words of waiting for a place: the phone's.

import { addWords } from '../lib/i18n.js';
import en from './waiting_en.js';
import zh from './waiting_zh.js';

addWords({ zh, en });
