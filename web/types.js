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
 * @property {string} [error]
 *
 * @typedef {object} DetailPart
 * @property {string | null} [description]
 * @property {string | null} [attribution]
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
 * @typedef {{lon: number, lat: number}} Place
 * @typedef {{lat: number, lon: number, zoom: number}} View
 * @typedef {{times: string[], values: (number | null)[], units: string | null}} Series
 *
 * @typedef {object} Link what a link restores: the part of the state kept in the URL's hash
 * @property {string | null} dataset
 * @property {string | null} variable
 * @property {string | null} time null for the dataset's default
 * @property {Record<string, string>} dims the other dimensions, where not at their default
 * @property {string | null} colormap
 * @property {Range | null} rescale
 * @property {Scale | null} scale
 * @property {number} opacity 0 to 1
 * @property {number} speed frames per second
 * @property {View | null} view
 * @property {Place | null} point where the value and series are shown
 * @property {string | null} chart the variable of the series, where it is not the one shown
 * @property {"light" | "dark" | null} theme null for the system's
 *
 * @typedef {object} Session what is loaded or going on: not in a link
 * @property {Summary[] | null} datasets null while loading
 * @property {Detail | null} detail of `dataset`, null while loading
 * @property {string[]} times the steps of the dataset, ISO 8601
 * @property {Colormap[]} colormaps
 * @property {Box | null} box what the map shows, at most once round the world
 * @property {boolean} playing
 * @property {string | null} nextTime the frame to preload
 * @property {string | null} readyTime the frame that is preloaded or shown
 * @property {boolean} loading whether the frame wanted is still on its way
 * @property {number} busy requests under way, frames apart
 * @property {Problem | null} problem
 *
 * @typedef {{message: string, source: string, retry: (() => void) | null}} Problem
 * @typedef {Link & Session} State
 * @typedef {import("./store.js").Store} Store
 */

export {};
