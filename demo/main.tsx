// Start of the playground: draws the screen that the address names, and again when it names another.
import { render } from "preact";
import { readPlace } from "./place.js";
import { screenOf } from "./screens.js";
import { keepOffline } from "./keep-offline.js";
import { BrokenScreen } from "./parts/broken-screen.js";
import { applyStoredTheme } from "./theme.js";

let shown = 0;

async function show(): Promise<void> {
  const turn = ++shown;
  const place = readPlace(location.hash);
  const { name, title, open } = screenOf(place.screen);
  document.title = `${title} – deberta-webgpu playground`;
  try {
    const { default: Screen } = await open();
    // Another screen may have been asked for meanwhile.
    if (turn === shown) render(<Screen key={turn} place={{ ...place, screen: name }} />, document.body);
  } catch (error) {
    // A screen's file may be gone after a new version was put on the server.
    if (turn === shown) render(<BrokenScreen key={turn} error={error} />, document.body);
  }
}

applyStoredTheme();
addEventListener("hashchange", () => void show());
void show();
keepOffline().catch(() => undefined); // without it the page works, online
