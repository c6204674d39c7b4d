// What is in the name of a department whose screens had better show numbers only, as the house has it (NUMBER_ONLY_NAMES).
// One that begins with ^ begins the name.

const NAMES = [
  '精神', '心理', '心身', '皮肤性病', '皮肤与性病', '^性病', '生殖', '不孕', '不育', 'psychiat', 'psycholog', 'venere',
  'fertility', 'reproductive',
];

/** @param {string[]} names in Chinese and English */
export function isNumberOnlyByName(names) {
  const written = names.map((name) => name.trim().toLowerCase());
  return NAMES.some((word) => written.some((name) => (word[0] === '^' ? name.startsWith(word.slice(1)) : name.includes(word))));
}
