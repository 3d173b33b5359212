/** Words of section: English, German. */
export default /** @type {const} */ ({});
