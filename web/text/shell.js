/** Words of shell: English, German. */
export default /** @type {const} */ ({});
