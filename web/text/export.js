/** Words of export: English, German. */
export default /** @type {const} */ ({});
