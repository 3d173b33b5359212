/** Words of map: English, German. */
export default /** @type {const} */ ({
  "map.coasts": ["Coasts: Natural Earth", "Küsten: Natural Earth"],
  "map.failed": ["{title}: {message}", "{title}: {message}"],
  "map.label": ["Map: the arrow keys with Shift move it, plus and minus zoom", "Karte: die Pfeiltasten mit Umschalt bewegen sie, Plus und Minus zoomen"],
  "map.noData": ["no data", "keine Daten"],
  "map.over": ["{title} is too fine to be drawn as a whole: it shows as you zoom in.", "{title} ist zu fein, um im Ganzen gezeichnet zu werden: Zoomen Sie hinein."],
  "map.zoomIn": ["Zoom in", "Hineinzoomen"],
});
