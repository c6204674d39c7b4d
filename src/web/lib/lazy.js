// Parts of a page that are loaded when they are first wanted.

/**
 * @template T @param {() => Promise<T>} load
 * @returns {(draw: () => void) => T|null} the part; null until it is there, and then the page is drawn
 */
export function lazy(load) {
  /** @type {T|null} */
  let part = null;
  let isAsked = false;
  return (draw) => {
    if (part || isAsked) return part;
    isAsked = true;
    load().then((loaded) => {
      part = loaded;
      draw();
    }, () => {
      // The next look tries again.
      isAsked = false;
    });
    return null;
  };
}
