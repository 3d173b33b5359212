/** @param {number} duration in ms @param {AbortSignal | null} [signal] ends it early @returns {Promise<void>} */
export function pause(duration, signal = null) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, duration);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
