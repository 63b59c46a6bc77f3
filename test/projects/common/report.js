// Runs the same text through a task loaded in the page and one loaded in a worker, and writes both answers into the title.
const TEXT = "wake me up at half past six tomorrow";

/** @param {Record<"page" | "worker", () => Promise<(text: string) => Promise<{ label: string }[]>>>} loaders */
export async function report(loaders) {
  const answers = {};
  try {
    for (const [place, load] of Object.entries(loaders)) {
      const classify = await load();
      const [best] = await classify(TEXT);
      answers[place] = best.label;
      await classify.dispose();
    }
    document.title = JSON.stringify(answers);
  } catch (error) {
    document.title = `Error: ${error.name} ${error.message}`;
    console.error(error);
  }
}
