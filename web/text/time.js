/** Words of time: English, German. */
export default /** @type {const} */ ({});
