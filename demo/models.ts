// Which model a screen uses: one of the bundled folders, a repository on Hugging Face, any address, or files; how each is
// named, given to the package, and written into a link.
import type { Source } from "deberta-webgpu";

export interface BundledModel {
  /** Its folder. */
  readonly id: string;
  /** The screens that it serves; the first model of a screen is loaded at once. */
  readonly screens: readonly string[];
  readonly title: string;
  readonly about: string;
  /** Of classifiers: a best score below this is shown as "unsure". */
  readonly unsureBelow?: number;
  readonly examples?: readonly Example[];
}

export interface Example {
  readonly name: string;
  readonly text: string;
}

const INTENT: BundledModel = {
  id: "tiny-intent",
  screens: ["classify"],
  title: "Intent",
  about: "What somebody wants from an assistant: 150 intents and out_of_scope.",
  unsureBelow: 0.4,
  examples: [
    { name: "Alarm", text: "wake me up at half past six tomorrow" },
    { name: "Lost card", text: "i lost my credit card, please block it" },
    { name: "Calories", text: "how many calories are in a banana" },
    { name: "Travel", text: "is it safe to travel to brazil" },
    { name: "None of these", text: "the cat sat on the mat" },
  ],
};
const MOOD: BundledModel = {
  id: "tiny-mood",
  screens: ["classify"],
  title: "Mood",
  about: "Whether a comment sounds negative, neutral or positive.",
  unsureBelow: 0.5,
  examples: [
    { name: "Praise", text: "I love this movie, the ending is great!" },
    { name: "Complaint", text: "This is the worst service I have ever had." },
    { name: "Fact", text: "The meeting is on Tuesday." },
  ],
};

const KNOWN: readonly BundledModel[] = [
  {
    id: "redact",
    screens: ["redact"],
    title: "Redact",
    about: "Marks 13 kinds of personal data in requests, notes and mail.",
  },
  INTENT,
  MOOD,
  {
    id: "zero-shot",
    screens: ["zero-shot"],
    title: "Zero-shot",
    about: "Whether a statement follows from a text, for labels that you name yourself.",
  },
  {
    id: "extract",
    screens: ["extract"],
    title: "Extract",
    about: "A demonstration of GLiNER, trained for minutes on made-up sentences.",
  },
  {
    id: "answers",
    screens: ["ask"],
    title: "Answers",
    about: "Finds the answer to a question in a short message.",
  },
  {
    id: "fill",
    screens: ["fill", "inspect", "speed"],
    title: "Fill",
    about: "Guesses the pieces behind [MASK].",
  },
  { id: "reply", screens: ["choose"], title: "Reply", about: "Which of several replies goes on with a dialogue." },
  {
    id: "vectors",
    screens: ["compare", "rank", "inspect", "speed"],
    title: "Vectors",
    about: "A vector for a text; near ones mean alike.",
  },
];

/** Those that this build holds. */
export const BUNDLED: readonly BundledModel[] = KNOWN.filter(({ id }) => id in __BUNDLED_FILES__);

/** The bytes of a bundled folder's model files. */
export const sizeOf = ({ id }: BundledModel): number =>
  Object.entries(__BUNDLED_FILES__[id]!).reduce(
    (sum, [file, size]) => (/\.(md|json)$/.test(file) ? sum : sum + size),
    0,
  );

/** The model's own page of data, licences, figures and limits. */
export const cardOf = ({ id }: BundledModel): string =>
  `./models/${"README.md" in __BUNDLED_FILES__[id]! ? `${id}/` : ""}README.md`;

const OTHER_EXAMPLES: readonly Example[] = [
  { name: "Praise", text: "I love this movie, the ending is great!" },
  { name: "Support mail", text: "My card was charged twice on 12 March. Please call me back about the refund." },
  { name: "News", text: "Parliament voted on the new budget after three days of debate." },
];

export type Choice =
  | { readonly kind: "bundled"; readonly model: BundledModel }
  | { readonly kind: "hub"; readonly id: string; readonly revision?: string; readonly token?: string }
  | { readonly kind: "address"; readonly url: string }
  | { readonly kind: "files"; readonly files: readonly File[] };

/** What a screen loads at once; undefined where no bundled model serves it. */
export function firstChoice(screen: string): Choice | undefined {
  const model = BUNDLED.find(({ screens }) => screens.includes(screen));
  return model && { kind: "bundled", model };
}

export const examplesOf = (choice: Choice | undefined): readonly Example[] =>
  (choice?.kind === "bundled" && choice.model.examples) || OTHER_EXAMPLES;

export function nameOf(choice: Choice): string {
  if (choice.kind === "bundled") return choice.model.id;
  if (choice.kind === "hub") return choice.id;
  if (choice.kind === "address") return choice.url.split("/").filter(Boolean).at(-1) ?? choice.url;
  return choice.files[0]?.webkitRelativePath.split("/")[0] || "your files";
}

export function sourceOf(choice: Choice): Source {
  if (choice.kind === "bundled") return `./models/${choice.model.id}/`;
  if (choice.kind === "hub") return choice.id;
  return choice.kind === "address" ? choice.url : choice.files;
}

/** The source as it stands in code that a reader copies. */
export function sourceAsCode(choice: Choice): string {
  if (choice.kind === "files") return "fileInput.files";
  const source = JSON.stringify(sourceOf(choice));
  return choice.kind === "hub" && choice.revision
    ? `${source}, { revision: ${JSON.stringify(choice.revision)} }`
    : source;
}

/** For links: never a token, never dropped files. */
export function choiceToParam(choice: Choice): string | undefined {
  if (choice.kind === "bundled") return choice.model.id;
  if (choice.kind === "hub") return `hub:${choice.id}${choice.revision ? `@${choice.revision}` : ""}`;
  return choice.kind === "address" ? `url:${choice.url}` : undefined;
}

/** What a link says; a link that says nothing sensible is one without a model. */
export function choiceFromParam(param: string | undefined): Choice | undefined {
  if (param === undefined) return undefined;
  const [, kind, rest] = /^(hub|url):(.+)$/s.exec(param) ?? [];
  if (kind === "url") return addressChoice(rest!);
  if (kind === "hub") {
    const [id = "", ...revision] = rest!.split("@");
    return isHubId(id) ? hubChoice(id, revision.join("@")) : undefined;
  }
  const model = BUNDLED.find(({ id }) => id === param);
  return model && { kind: "bundled", model };
}

/** As the package takes ids: owner and name, neither beginning with a dot. */
export const HUB_ID = String.raw`\s*\w[\w.\-]*\/\w[\w.\-]*\s*`;
const isHubId = (id: string): boolean => new RegExp(`^${HUB_ID}$`).test(id);

export function hubChoice(id: string, revision?: string, token?: string): Choice {
  return { kind: "hub", id: id.trim(), ...(revision ? { revision } : {}), ...(token ? { token } : {}) };
}

/** What a person typed as an address, as a base URL: with a scheme or a leading dot or slash, and a slash at its end. */
export function addressChoice(typed: string): Choice | undefined {
  const trimmed = typed.trim();
  const rooted = /^(https?:\/\/|\.{0,2}\/)/.test(trimmed) ? trimmed : `https://${trimmed}`;
  const url = rooted.endsWith("/") ? rooted : `${rooted}/`;
  const whole = URL.parse(url, location.href);
  return whole && /^https?:$/.test(whole.protocol) ? { kind: "address", url } : undefined;
}

/** Whether fetching it takes the page's looser policy: it lies on another server. */
export const isElsewhere = (choice: Choice): boolean =>
  choice.kind === "hub" || (choice.kind === "address" && new URL(choice.url, location.href).origin !== location.origin);
