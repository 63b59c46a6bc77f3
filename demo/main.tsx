// Start of the playground: draws the screen that the address names, and again when it names another.
import { render } from "preact";
import { readPlace } from "./place.js";
import { screenOf } from "./screens.js";
import { keepOffline } from "./keep-offline.js";
import { applyStoredTheme } from "./theme.js";

let shown = 0;

async function show(): Promise<void> {
  const turn = ++shown;
  const place = readPlace(location.hash);
  const { name, title, open } = screenOf(place.screen);
  const { default: Screen } = await open();
  if (turn !== shown) return; // another screen was asked for meanwhile
  document.title = `${title} – deberta-webgpu playground`;
  render(<Screen key={turn} place={{ ...place, screen: name }} />, document.body);
}

applyStoredTheme();
addEventListener("hashchange", () => void show());
void show().then(keepOffline);
