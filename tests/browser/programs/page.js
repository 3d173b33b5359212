/** What is wrong with a page, run in it. */

const MOST_LINKS = 40;

/** Parts that are wider than the window, links that lead nowhere, images without a picture. */
async function look() {
  const links = [...document.querySelectorAll("a[href]")].map(({ href }) => href);
  const asked = [...new Set(links)].slice(0, MOST_LINKS);
  const answers = await Promise.all(asked.map(async (href) => [href, (await fetch(href)).status]));
  return {
    dead: answers.filter(([, status]) => status !== 200),
    width: document.documentElement.scrollWidth,
    images: [...document.images].filter(({ naturalWidth }) => !naturalWidth).length,
    heading: document.querySelector("h1, caption")?.textContent,
  };
}
