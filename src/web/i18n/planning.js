// The words of the plan alone: read with its part of operations, when that is opened.

import { addWords } from '../lib/i18n.js';
import en from './plan_en.js';
import zh from './plan_zh.js';

addWords({ zh, en });
