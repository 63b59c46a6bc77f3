// The screens there are: names, words, and the chunk that draws each. The first one is shown first.
import type { ComponentType } from "preact";
import { Tags } from "./parts/icons.js";
import type { Place } from "./place.js";

export interface ScreenProps {
  readonly place: Place;
}

export interface ScreenEntry {
  readonly name: string;
  readonly title: string;
  readonly sentence: string;
  readonly icon: ComponentType;
  readonly open: () => Promise<{ readonly default: ComponentType<ScreenProps> }>;
}

export const SCREENS: readonly ScreenEntry[] = [
  {
    name: "classify",
    title: "Classify",
    sentence: "Says which label fits a text best. The model runs here, on your GPU.",
    icon: Tags,
    open: () => import("./screens/classify.js"),
  },
];

export const screenOf = (name: string): ScreenEntry => SCREENS.find((screen) => screen.name === name) ?? SCREENS[0]!;
