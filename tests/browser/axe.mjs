/** What axe-core finds wrong in a page, by WCAG's levels A and AA. */
import { readFile } from "node:fs/promises";

const source = await readFile(new URL("../../web/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * Serious and critical violations, each as one line: rule, element, what is wrong.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function violations(page) {
  // Evaluated by the driver, which the page's policy does not bind.
  await page.evaluate(source);
  return page.evaluate(async (levels) => {
    const { violations: found } = await window.axe.run(document, { runOnly: levels, resultTypes: ["violations"] });
    const grave = found.filter(({ impact }) => ["serious", "critical"].includes(impact));
    return grave.flatMap(({ id, nodes }) => nodes.map(({ target, any, all }) => `${id}: ${target.join(" ")}: ${[...any, ...all].map(({ message }) => message).join("; ")}`));
  }, LEVELS);
}
