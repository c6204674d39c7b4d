// The words of the first set-up alone: no other page loads them.

import { addWords } from '../lib/i18n.js';
import en from './setup_en.js';
import zh from './setup_zh.js';

addWords({ zh, en });
