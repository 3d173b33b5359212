/** The classes of a layer, with the colours that are chosen for them. Pure. */
import { parseOwn } from "./own.js";

/**
 * @typedef {{value: number, label: string, color: string, isHidden: boolean}} LayerClass
 * @typedef {import("../types.js").Category} Category
 */

/**
 * @param {string} colormap of the layer's style @param {Category[] | null} categories of its variable
 * @returns {LayerClass[] | null} null of what has no classes
 */
export function classesOf(colormap, categories) {
  const own = parseOwn(colormap);
  if (own && own.kind !== "classes") return null;
  const labels = new Map(categories?.map(({ value, label }) => [value, label]));
  const entries = own?.entries ?? categories;
  return entries?.map(({ value, label, color }) => ({
    value, label: labels.get(value) ?? label, color: color.slice(0, 7), isHidden: /^#.{6}00$/i.test(color),
  })) ?? null;
}

/** As an own colormap; hidden ones are transparent. @param {LayerClass[]} classes */
export function writeClasses(classes) {
  return JSON.stringify(Object.fromEntries(classes.map(({ value, color, isHidden }) => [value, isHidden ? `${color}00` : color])));
}
