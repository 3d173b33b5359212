/** Words of data: English, German. */
export default /** @type {const} */ ({});
