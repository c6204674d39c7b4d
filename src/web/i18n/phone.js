// The words of the phone, of which the kiosk has some too: pages of others do not load them.

import { addWords } from '../lib/i18n.js';
import en from './patient_en.js';
import zh from './patient_zh.js';

addWords({ zh, en });
