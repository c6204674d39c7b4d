// No page has this address: says so and leads back.

import '../components/language.js';
import { applyWords } from '../lib/i18n.js';

applyWords(document);
