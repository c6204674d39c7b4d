// The words of operations alone: pages of others do not load them.

import { addWords } from '../lib/i18n.js';
import en from './ops_en.js';
import zh from './ops_zh.js';

addWords({ zh, en });
