// en words of one page, by key.

/** @type {Object<string, string>} */
export default {
};
