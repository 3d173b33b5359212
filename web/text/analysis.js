/** Words of analysis: English, German. */
export default /** @type {const} */ ({});
