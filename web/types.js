/**
 * The shapes that travel between modules: what the server answers, and the viewer's state.
 *
 * @typedef {"linear" | "log" | "symlog"} Scale
 * @typedef {[number, number]} Range
 * @typedef {{value: number, label: string, color: string}} Category
 *
 * @typedef {object} Style
 * @property {string} [colormap_name]
 * @property {Range | null} [rescale]
 * @property {Scale} [scale]
 * @property {Category[]} [categories]
 * @property {string[]} [bands] of a composite
 *
 * @typedef {object} Variable
 * @property {string} id
 * @property {string | null} [title]
 * @property {string | null} [units]
 * @property {"variable" | "composite"} kind
 * @property {string[]} dims
 * @property {Range | null} range
 * @property {Style} style
 *
 * @typedef {object} Dimension
 * @property {"time" | "number" | "text"} type
 * @property {number} size
 * @property {string | null} [title]
 * @property {string | null} [units]
 * @property {(string | number)[]} [values]
 * @property {string | number} [default]
 * @property {string} [first]
 * @property {string} [last]
 *
 * @typedef {[number, number, number, number]} Box west, south, east, north in degrees
 *
 * @typedef {object} Summary one line of the catalogue
 * @property {string} id
 * @property {string} title
 * @property {Box | null} bbox
 * @property {{start: string, end: string, count: number} | null} time
 * @property {string[]} variables
 * @property {"ready" | "pending" | "error"} status
 * @property {boolean} [on_demand] it is opened when it is asked for
 * @property {string} [error]
 * @property {string | null} [theme] of the catalogue: `Ocean/Surface`
 * @property {string[]} [keywords]
 * @property {string | null} [attribution]
 * @property {string | null} [licence]
 *
 * @typedef {object} DetailPart
 * @property {string | null} [description]
 * @property {string} [crs]
 * @property {{shape: [number, number], resolution: [number, number]}[]} [levels] the finest first
 * @property {{rel: string, href: string, type?: string, title?: string, templated?: boolean}[]} [links]
 * @property {string} [version]
 * @property {Variable[]} variables
 * @property {Record<string, Dimension>} dimensions
 * @typedef {Omit<Summary, "variables"> & DetailPart} Detail
 *
 * @typedef {object} Legend
 * @property {string} title
 * @property {string | null} units
 * @property {"continuous" | "categorical" | "composite"} type
 * @property {number} min
 * @property {number} max
 * @property {string[]} colors of a continuous one
 * @property {{value: number, label: string, position: number}[]} ticks
 * @property {Category[]} [categories]
 * @property {Band[]} [bands]
 *
 * @typedef {{channel: string, title: string, color: string}} Band
 * @typedef {{name: string, family: string, category: string, title?: string}} Colormap
 * @typedef {{lat: number, lon: number, zoom: number}} View
 * @typedef {{times: string[], values: (number | null)[], units: string | null}} Series
 *
 * @typedef {object} Layer one layer of the map: what is shown, and how
 * @property {string} id of this session alone: no link has it
 * @property {string} dataset
 * @property {string | null} variable id of a variable or composite, `_` of an expression; null for the dataset's first
 * @property {string | null} expression
 * @property {string | null} time its own, null for the one time of all
 * @property {Record<string, string>} dims the other dimensions, where not at their default
 * @property {string | null} colormap a name, or the JSON of the server's `colormap`; null for the server's
 * @property {Range | null} rescale
 * @property {Scale | null} scale
 * @property {number} opacity 0 to 1
 * @property {boolean} visible
 *
 * @typedef {import("geojson").Point | import("geojson").LineString | import("geojson").Polygon | import("geojson").MultiPoint
 *   | import("geojson").MultiLineString | import("geojson").MultiPolygon} Geometry
 *
 * @typedef {object} Place where values are read
 * @property {string} id of this session alone
 * @property {string} name
 * @property {string} color `#rrggbb`
 * @property {Geometry} geometry longitudes and latitudes in degrees; of a circle its centre
 * @property {number} [radius_m] of a circle, on the ground
 *
 * @typedef {object} Compare two sides, the second of which differs
 * @property {"swipe" | "side"} kind
 * @property {"layer" | "time"} by what the second side differs in
 * @property {string | null} layer id of the second side's layer
 * @property {string | null} time of the second side
 * @property {number} at where the swipe's line is, 0 to 1
 *
 * @typedef {object} Block what the cube shows
 * @property {Box} box
 * @property {[number, number, number]} at where it is cut: time, y, x, each 0 to 1
 *
 * @typedef {{dataset: string, variable: string, factor: number}} Terrain heights in metres, and what they are multiplied by
 *
 * @typedef {object} Charts
 * @property {string[]} variables `dataset/variable` of the series; empty for the active layer's
 * @property {"mean" | "minmax" | "median"} show of areas
 *
 * @typedef {"line" | "lineTime" | "latitude" | "longitude"} Section what is cut along: a line, a line through time, time and an axis
 *
 * @typedef {object} Link what a link restores: the part of the state kept in the URL's hash
 * @property {Layer[]} layers the lowest first
 * @property {string | null} active id of the layer that the panels show
 * @property {string | null} time of all layers that have none of their own; null for each one's default
 * @property {[string, string] | null} range the stretch of time that is played and charted
 * @property {number} speed frames per second
 * @property {"loop" | "bounce" | "once"} repeat what comes after the last frame
 * @property {View | null} view
 * @property {"map" | "globe" | "cube"} mode
 * @property {Terrain | null} terrain of the globe; null for a smooth one
 * @property {number[] | null} camera of the globe: longitude, latitude, height in m, heading and pitch in degrees
 * @property {Block | null} block
 * @property {Compare | null} compare
 * @property {string | null} basemap id, null for the configured or the offline one
 * @property {Place[]} places
 * @property {string | null} place id of the chosen one
 * @property {string | null} tab of the analysis panel
 * @property {Charts} charts
 * @property {Section} section of the tab of this name
 * @property {"light" | "dark" | null} theme null for the system's
 * @property {import("./lib/text.js").Language | null} language null for the configured one, else the browser's
 *
 * @typedef {object} Session what is loaded or going on: not in a link
 * @property {Summary[] | null} datasets null while loading
 * @property {Record<string, Detail>} details of the datasets of layers, once loaded
 * @property {Record<string, string[]>} axes their steps of time, ISO 8601
 * @property {Colormap[]} colormaps
 * @property {Box | null} box what the map shows, at most once round the world
 * @property {boolean} playing
 * @property {string[]} preload the times whose frames are to be ready
 * @property {string[]} ready those of them that are
 * @property {boolean} loading whether the frame wanted is still on its way
 * @property {number} busy requests under way, frames apart
 * @property {Problem | null} problem
 * @property {Hover | null} hover
 * @property {Record<string, Range>} ranges found for layers that have none of their own, such as expressions
 * @property {Config | null} config
 * @property {Record<string, Signed>} signed by dataset: addresses that hold without a key
 *
 * @typedef {{base: string, expires: string}} Signed
 *
 * @typedef {{lon: number, lat: number, readings: Reading[]}} Hover
 * @typedef {{layer: string, value: number | null, text: string}} Reading
 *
 * @typedef {object} Config the viewer as its operator wants it
 * @property {string} title
 * @property {string | null} logo
 * @property {{accent?: string, accent_dark?: string}} colors
 * @property {import("./lib/text.js").Language | null} language
 * @property {Basemap[]} basemaps online ones
 * @property {string | null} basemap id of the one that is shown at first
 * @property {{dataset: string, variable: string} | null} terrain
 * @property {string | null} welcome
 * @property {boolean} [sign_in] whether the server knows any keys
 *
 * @typedef {object} Caller who asks
 * @property {string} name of the key, or of the token's subject; empty for anybody
 * @property {string[]} roles
 * @property {string[]} scopes `read`, `refresh`, `admin`
 * @property {string | null} [expires] ISO 8601
 *
 * @typedef {{id: string, title: string, url: string, attribution: string, max_zoom: number}} Basemap
 * @typedef {object} Problem
 * @property {string} message
 * @property {string} source
 * @property {(() => void) | null} retry
 * @property {boolean} [isCalm] whether it is news rather than trouble
 * @property {string} [action] what `retry` is called, where it does something else
 * @typedef {Link & Session} State
 * @typedef {import("./store.js").Store} Store
 */

export {};
