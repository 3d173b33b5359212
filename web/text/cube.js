/** Words of cube: English, German. */
export default /** @type {const} */ ({
  "cube.area": ["Area", "Gebiet"],
  "cube.area.drawn": ["Draw an area", "Gebiet zeichnen"],
  "cube.area.place": ["Chosen area", "Gewähltes Gebiet"],
  "cube.area.view": ["What the map shows", "Kartenausschnitt"],
  "cube.area.whole": ["Whole dataset", "Ganzer Datensatz"],
  "cube.broken": ["The answer ended too early. Try again.", "Die Antwort brach zu früh ab. Bitte erneut versuchen."],
  "cube.cancel": ["Cancel", "Abbrechen"],
  "cube.hint": ["Drag a face to cut the cube open, drag beside it to turn it.", "Ziehen an einer Fläche schneidet den Würfel auf, Ziehen daneben dreht ihn."],
  "cube.label": ["Cube of space and time: drag its faces to cut it open, drag beside it to turn it", "Raum-Zeit-Würfel: Ziehen an den Flächen schneidet ihn auf, Ziehen daneben dreht ihn"],
  "cube.latitude": ["Latitude", "Breite"],
  "cube.loading": ["{done} of {total} steps", "{done} von {total} Zeitschritten"],
  "cube.longitude": ["Longitude", "Länge"],
  "cube.picture": ["A colour picture has no single values: choose a variable to see it as a cube.", "Ein Farbbild hat keine einzelnen Werte: Wählen Sie eine Variable, um sie als Würfel zu sehen."],
  "cube.time": ["Time", "Zeit"],
  "cube.timeless": ["This layer has no time: choose one that has to see it as a cube.", "Diese Ebene hat keine Zeit: Wählen Sie eine mit Zeit, um sie als Würfel zu sehen."],
  "cube.uncut": ["Whole cube", "Ganzer Würfel"],
});
