/** Words of map: English, German. */
export default /** @type {const} */ ({});
