// The words of fees alone: read at the desk when there is one to take or to give back, and with their part of operations.

import { addWords } from '../lib/i18n.js';
import en from './fees_en.js';
import zh from './fees_zh.js';

addWords({ zh, en });
