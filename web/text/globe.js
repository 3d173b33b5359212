/** Words of globe: English, German. */
export default /** @type {const} */ ({});
