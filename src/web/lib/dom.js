// Making and patching DOM: `h` describes an element, `render` makes a parent's children like the description while it
// keeps the nodes that are there (so focus, what is typed and the scroll place stay). Chromium 70 syntax: screens use it.

/** @typedef {{tag: string, props: Object<string, any>, children: any[]}} VNode */

/**
 * Describes an element. `key` in props makes it keep its node when its neighbours change.
 * Properties: `class`, `data-…`, `aria-…`, `on…` (a function), `vars` (CSS custom properties), anything else of the element.
 * @param {string} tag
 * @param {Object<string, any>|null} [props]
 * @param {...any} children
 * @returns {VNode}
 */
export function h(tag, props, ...children) {
  return { tag, props: props || {}, children };
}

/** @param {any} content @param {any[]} into @returns {any[]} */
function flat(content, into) {
  if (Array.isArray(content)) content.forEach((one) => flat(one, into));
  else if (content !== null && content !== undefined && content !== false && content !== true && content !== '') {
    into.push(content);
  }
  return into;
}

const HAN = /[\u3400-\u9fff]/;
const LATIN = /[A-Za-z]{2}/;
const SVG = 'http://www.w3.org/2000/svg';
const AS_PROPERTY = { value: 1, checked: 1, disabled: 1, hidden: 1, selected: 1, htmlFor: 1, tabIndex: 1, open: 1 };

/** @param {any} node @param {string} name @param {any} value @param {any} before */
function setProp(node, name, value, before) {
  if (name === 'key') return;
  if (name === 'vars') {
    Object.keys(value || {}).forEach((k) => node.style.setProperty(k, value[k]));
  } else if (name.slice(0, 2) === 'on') {
    node[name] = value || null;
  } else if (name in AS_PROPERTY || (node.localName.indexOf('-') > 0 && value && typeof value === 'object')) {
    if (value !== before) node[name] = value === undefined ? null : value;
  } else if (value === before) {
    return;
  } else if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value === true ? '' : String(value));
  }
}

/** @param {VNode} v @param {Node} parent */
function create(v, parent) {
  const svg = v.tag === 'svg' || /** @type {any} */ (parent).namespaceURI === SVG;
  const node = svg ? document.createElementNS(SVG, v.tag) : document.createElement(v.tag);
  /** @type {any} */ (node).made = { props: {} };
  /** @type {any} */ (node).madeKey = v.props.key;
  return node;
}

/** Elements that hold text only. */
const HOLD_TEXT = { option: 1, textarea: 1, title: 1 };

/**
 * Words that a house has typed in Chinese only stand on English pages too: what holds them says so, and a voice that reads the
 * page aloud reads them as Chinese. Words of both languages are left as they are.
 * @param {any} node @param {VNode} v @returns {VNode}
 */
function inTheirLanguage(node, v) {
  if (document.documentElement.lang !== 'en' || v.props.lang !== undefined || node.namespaceURI === SVG) return v;
  const own = flat(v.children, []);
  const isChinese = (/** @type {any} */ text) => HAN.test(text) && !LATIN.test(text);
  const texts = own.filter((one) => typeof one !== 'object');
  if (!texts.some(isChinese)) return v;
  if (texts.length === own.length && isChinese(texts.join(''))) return h(v.tag, Object.assign({ lang: 'zh-CN' }, v.props), own);
  if (v.tag in HOLD_TEXT) return v;
  return h(v.tag, v.props, own.map((one) => (typeof one !== 'object' && isChinese(one) ? h('bdi', { lang: 'zh-CN' }, one) : one)));
}

/** @param {any} node @param {VNode} described */
function update(node, described) {
  const v = inTheirLanguage(node, described);
  const before = (node.made && node.made.props) || {};
  if (v.children.length && node.localName.indexOf('-') < 0) render(node, v.children);
  else if (node.made && node.made.hadChildren) render(node, []);
  const props = v.props;
  Object.keys(before).forEach((name) => {
    if (!(name in props)) setProp(node, name, name in AS_PROPERTY ? (name === 'value' ? '' : false) : undefined, before[name]);
  });
  Object.keys(props).forEach((name) => setProp(node, name, props[name], before[name]));
  node.made = { props, hadChildren: v.children.length > 0 };
}

/** @param {any} node @param {any} v */
function fits(node, v) {
  if (typeof v !== 'object') return node.nodeType === 3;
  return node.nodeType === 1 && node.localName === v.tag.toLowerCase() && node.madeKey === v.props.key;
}

/**
 * Makes the children of `parent` what `content` describes.
 * @param {Element|DocumentFragment|ShadowRoot} parent
 * @param {any} content a description, text, or nested lists of them
 */
export function render(parent, content) {
  const wanted = flat(content, []);
  /** @type {Map<any, any>} */
  const keyed = new Map();
  /** @type {any[]} */
  const loose = [];
  for (let n = /** @type {any} */ (parent.firstChild); n; n = n.nextSibling) {
    if (n.madeKey !== undefined) keyed.set(n.madeKey, n);
    else loose.push(n);
  }
  let at = /** @type {any} */ (parent.firstChild);
  wanted.forEach((v) => {
    /** @type {any} */
    let node = null;
    if (typeof v === 'object' && v.props.key !== undefined) {
      const old = keyed.get(v.props.key);
      if (old && fits(old, v)) {
        node = old;
        keyed.delete(v.props.key);
      }
    } else {
      const i = loose.findIndex((n) => fits(n, v));
      if (i >= 0) node = loose.splice(i, 1)[0];
    }
    if (!node) node = typeof v === 'object' ? create(v, parent) : document.createTextNode('');
    if (typeof v === 'object') update(node, v);
    else if (node.data !== String(v)) node.data = String(v);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  });
  keyed.forEach((n) => parent.removeChild(n));
  loose.forEach((n) => parent.removeChild(n));
}

/**
 * Calls `draw` once per animation frame at most, however often the returned function is called.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function drawing(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = () => {
      if (!asked) return;
      asked = false;
      draw();
    };
    // A hidden page gets no frames; it must still be right when somebody looks again.
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  };
}

/** @param {string} selector @returns {any} */
export function find(selector) {
  return document.querySelector(selector);
}

/** Whether somebody is typing, so that keys belong to the field. @param {KeyboardEvent} event */
export function isEditing(event) {
  const target = /** @type {any} */ (event.target);
  if (event.isComposing || event.keyCode === 229) return true;
  if (!target || !target.tagName) return false;
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true;
  return target.tagName === 'INPUT' && !/^(checkbox|radio|button|submit)$/.test(target.type);
}
