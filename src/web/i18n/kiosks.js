// The words of kiosks, slips and check-in, which pages without them do not load.

import { addWords } from '../lib/i18n.js';
import en from './kiosk_en.js';
import zh from './kiosk_zh.js';

addWords({ zh, en });
