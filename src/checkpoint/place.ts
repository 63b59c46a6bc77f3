// From what a caller names as a source to the place where its files are.
import { quote } from "../errors.js";
import { directoryPlace, filesPlace, isFile } from "./local.js";
import { SOURCE_HELP, type Place, type PlaceContext, type Source } from "./source.js";
import { webPlace } from "./web.js";

/** The place that a source names. @throws TypeError when it is none */
export function placeOf(source: Source, context: PlaceContext): Place {
  if (typeof source === "string" || source instanceof URL) return webPlace(source, context);
  if (typeof source === "object" && (source as Source | null) !== null) {
    if ("open" in source && typeof source.open === "function") {
      // Async, so that one that throws at once rejects like one that rejects.
      return { location: "the given source", open: async (name) => await source.open(name) };
    }
    if ("getFileHandle" in source) return directoryPlace(source);
    if ("length" in source && Array.from(source).every(isFile)) return filesPlace(Array.from(source));
  }
  throw new TypeError(`A source is ${SOURCE_HELP}`);
}

/** A folder below a place. */
export function below(place: Place, subfolder: string): Place {
  return {
    ...place,
    location: `${place.location} (${quote(subfolder)})`,
    open: (name) => place.open(`${subfolder}/${name}`),
    whyMissing: (name) => place.whyMissing?.(`${subfolder}/${name}`),
    refuse: (name) => place.refuse?.(`${subfolder}/${name}`),
  };
}
