/** Words of compare: English, German. */
export default /** @type {const} */ ({});
