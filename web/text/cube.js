/** Words of cube: English, German. */
export default /** @type {const} */ ({});
