// The programs of the documents: code blocks marked `run`, which say in comments what they print. All other blocks of code stand for
// a file of a scratch project, or say why they are not run.

/** A program of a document, and what its comments say that it prints. */
export interface Program {
  /** The document's heading above it. */
  readonly name: string;
  readonly code: string;
  readonly prints: readonly string[];
}

/**
 * The blocks "```js run" of a document; one marked "run on" goes on from the block before it. What a `console.log` prints stands
 * behind it, or line by line below it.
 */
export function programsOf(document: string): Program[] {
  const programs: { name: string; code: string }[] = [];
  let name = "";
  for (const [, heading, words, code = ""] of document.matchAll(/^#+ (.+)$|^```[jt]s run(.*)\n([^]*?)^```$/gm)) {
    if (heading !== undefined) name = heading;
    else if (words === " on") programs.at(-1)!.code += code;
    else programs.push({ name, code });
  }
  return programs.map((program) => ({ ...program, prints: printed(program.code) }));
}

/** What is wrong with the blocks of code of a document: those that nobody runs, and give no reason. */
export function blocksNotRun(document: string): string[] {
  const blocks = document.matchAll(/^(<!-- file: \S+ -->\n\n)?```(\S+)(.*)\n([^]*?)^```$/gm);
  return [...blocks].flatMap(([, file, language, words, code = ""]) => {
    const isCommand = ["sh", "text"].includes(language!);
    const isTold = file !== undefined || /^ run( on)?$|^ not run: \S/.test(words!);
    return isCommand || isTold ? [] : [code];
  });
}

/** Comments behind a `console.log`, and lines of comments alone. */
function printed(code: string): string[] {
  return code.split("\n").flatMap((line) => {
    const [, text] = /(?:console\.log\(.*\).*|^)\/\/ (.+)$/.exec(line) ?? [];
    return text === undefined ? [] : [text];
  });
}

/** Runs a program with the modules that it imports; resolves to what it printed. */
export async function runProgram(
  { code }: Pick<Program, "code">,
  modules: Readonly<Record<string, object>>,
): Promise<string[]> {
  const lines: string[] = [];
  const log = (...values: unknown[]): void => void lines.push(values.map(String).join(" "));
  const body = code.replace(
    /^import (\{[^}]*\}) from (".*?");$/gm,
    (_, names: string, from: string) => `const ${names.replaceAll(" as ", ": ")} = modules[${from}];`,
  );

  const AsyncFunction = async function () {}.constructor as new (
    ...texts: string[]
  ) => (modules: object, console: object) => Promise<void>;
  await new AsyncFunction("modules", "console", body)(modules, { log });
  return lines;
}
