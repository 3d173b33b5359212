/** Words of colour: English, German. */
export default /** @type {const} */ ({});
