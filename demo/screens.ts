// The screens there are: names, words, and the chunk that draws each. The first one is shown first. A new screen is a file
// in screens/, one in tasks/, and an entry here.
import type { ComponentType } from "preact";
import * as Icons from "./parts/icons.js";
import type { Place } from "./place.js";

export interface ScreenProps {
  readonly place: Place;
}

export interface ScreenEntry {
  readonly name: string;
  /** Of the link. */
  readonly label: string;
  /** Of the page. */
  readonly title: string;
  readonly sentence: string;
  readonly group: "Tasks" | "Model";
  readonly icon: ComponentType;
  readonly open: () => Promise<{ readonly default: ComponentType<ScreenProps> }>;
}

export const SCREENS: readonly ScreenEntry[] = [
  {
    name: "redact",
    label: "Redact",
    title: "Redact",
    sentence: "Finds personal data and replaces it. The model runs here, on your GPU.",
    group: "Tasks",
    icon: Icons.EyeOff,
    open: () => import("./screens/redact.js"),
  },
  {
    name: "classify",
    label: "Classify",
    title: "Classify",
    sentence: "Says which label fits a text best.",
    group: "Tasks",
    icon: Icons.Tags,
    open: () => import("./screens/classify.js"),
  },
  {
    name: "zero-shot",
    label: "Zero-shot",
    title: "Zero-shot",
    sentence: "Sorts a text under labels that you name, without training.",
    group: "Tasks",
    icon: Icons.Shapes,
    open: () => import("./screens/zero-shot.js"),
  },
  {
    name: "extract",
    label: "Extract",
    title: "Extract",
    sentence: "Finds in a text what you name: people, products, prices.",
    group: "Tasks",
    icon: Icons.TextSearch,
    open: () => import("./screens/extract.js"),
  },
  {
    name: "ask",
    label: "Ask a text",
    title: "Ask a text",
    sentence: "Finds the words in a text that answer a question.",
    group: "Tasks",
    icon: Icons.Question,
    open: () => import("./screens/ask.js"),
  },
  {
    name: "fill",
    label: "Fill a blank",
    title: "Fill a blank",
    sentence: "Guesses what stands behind [MASK].",
    group: "Tasks",
    icon: Icons.Blank,
    open: () => import("./screens/fill.js"),
  },
  {
    name: "choose",
    label: "Choose",
    title: "Choose",
    sentence: "Picks the text that goes on best.",
    group: "Tasks",
    icon: Icons.ListChecks,
    open: () => import("./screens/choose.js"),
  },
  {
    name: "rank",
    label: "Rank",
    title: "Rank",
    sentence: "Orders documents by how well they fit a query.",
    group: "Tasks",
    icon: Icons.ListOrdered,
    open: () => import("./screens/rank.js"),
  },
  {
    name: "compare",
    label: "Compare",
    title: "Compare",
    sentence: "Measures how near texts are in meaning.",
    group: "Tasks",
    icon: Icons.Split,
    open: () => import("./screens/compare.js"),
  },
  {
    name: "inspect",
    label: "Inspect",
    title: "Inspect",
    sentence: "What each attention head reads: the words, their distance, or both.",
    group: "Model",
    icon: Icons.Layers,
    open: () => import("./screens/inspect.js"),
  },
  {
    name: "speed",
    label: "Speed",
    title: "Speed",
    sentence: "Where the time goes on this device, kernel by kernel.",
    group: "Model",
    icon: Icons.Gauge,
    open: () => import("./screens/speed.js"),
  },
  {
    name: "storage",
    label: "Storage",
    title: "Storage",
    sentence: "The models that this browser keeps for this page.",
    group: "Model",
    icon: Icons.Drive,
    open: () => import("./screens/storage.js"),
  },
];

export const screenOf = (name: string): ScreenEntry => SCREENS.find((screen) => screen.name === name) ?? SCREENS[0]!;
