/** Words of globe: English, German. */
export default /** @type {const} */ ({
  "globe.canvas": ["Globe: drag to turn, click to read values", "Globus: Ziehen dreht, Klicken zeigt Werte"],
  "globe.factor": ["Exaggeration", "Überhöhung"],
  "globe.factorOf": ["{factor} times", "{factor}-fach"],
  "globe.failed": ["The globe stopped: {message}", "Der Globus wurde angehalten: {message}"],
  "globe.level": ["Look straight down, north up", "Senkrecht von oben, Norden oben"],
  "globe.smooth": ["None: smooth", "Keines: glatt"],
  "globe.terrain": ["Terrain", "Gelände"],
});
