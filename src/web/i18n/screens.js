// The words of the screens, which no other page loads.

import { addWords } from '../lib/i18n.js';
import en from './screen_en.js';
import zh from './screen_zh.js';

addWords({ zh, en });
