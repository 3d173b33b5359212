/** A dataset as the server describes it, for the tests. @type {import("../types.js").Detail} */
export const detail = {
  id: "mödel",
  title: "A model",
  bbox: [0, -90, 360, 90],
  time: { start: "2024-01-01T00:00:00Z", end: "2024-01-03T00:00:00Z", count: 3 },
  status: "ready",
  version: "v1",
  variables: [
    { id: "air", title: "Air temperature", units: "K", kind: "variable", dims: ["time", "level", "y", "x"], range: [200, 300], style: { colormap_name: "thermal", rescale: [200, 300] } },
    { id: "mask", title: null, units: null, kind: "variable", dims: ["y", "x"], range: null, style: { categories: [{ value: 1, label: "land", color: "#00ff00" }] } },
    { id: "true_color", title: "True colour", units: null, kind: "composite", dims: ["time", "y", "x"], range: null, style: { bands: ["air", "air", "air"] } },
  ],
  dimensions: {
    time: { type: "time", size: 3, default: "2024-01-03T00:00:00Z" },
    level: { type: "number", size: 2, values: [1000, 850], default: 1000 },
  },
};
