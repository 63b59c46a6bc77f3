// sentencepiece-js 1.1.0, rewritten while Vite builds, so that it runs where this package runs: in pages and workers whose
// policy is `script-src 'self' 'wasm-unsafe-eval'`, and in Node. As published it is CommonJS, reads files through `fs`,
// builds functions from text (embind) and fails in workers. Every replaced text must be there exactly as often as stated:
// another version of the package fails the build.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Plugin } from "vite";

const NAME = "sentencepiece-js";
const FILE = createRequire(import.meta.url).resolve(NAME);

/** A text of the published file, what takes its place, and how often it occurs. */
type Patch = readonly [old: string, replacement: string, times?: number];

const PATCHES: readonly Patch[] = [
  // CommonJS → ES module; `load` takes the model's bytes.
  ["'use strict';\n\nObject.defineProperty(exports, '__esModule', { value: true });\n\nvar fs = require('fs');\n", ""],
  [
    "var fs__namespace = /*#__PURE__*/_interopNamespace(fs);",
    "var fs__namespace = { readFileSync: (bytes) => bytes };",
  ],
  [
    'exports.SentencePieceProcessor = SentencePieceProcessor;\nexports.cleanText = cleanText;\nexports["default"] = index;',
    "export { SentencePieceProcessor };",
  ],
  // One environment for all: the code for Node would need `require`, and installs handlers on the process.
  [
    "(typeof document === 'undefined' ? new (require('u' + 'rl').URL)('file:' + __filename).href : (document.currentScript && document.currentScript.src || new URL('index.js', document.baseURI).href))",
    '""',
    3,
  ],
  ["/*#__PURE__*/_interopNamespace(require('module'))", "{}"],
  ['var ENVIRONMENT_IS_WEB=typeof window=="object";', "var ENVIRONMENT_IS_WEB=true;"],
  [
    'var ENVIRONMENT_IS_NODE=typeof process=="object"&&typeof process.versions=="object"&&typeof process.versions.node=="string";',
    "var ENVIRONMENT_IS_NODE=false;",
  ],
  // The module lies inside the file: no fetch of a data URL, which a policy would report.
  ["function getBinaryPromise(){if(!wasmBinary&&(", "function getBinaryPromise(){if(false&&("],
  // embind: closures instead of functions made from text.
  [
    `return new Function("body","return function "+name+"() {\\n"+'    "use strict";'+"    return body.apply(this, arguments);\\n"+"};\\n")(body)`,
    "return {[name]:function(){return body.apply(this,arguments)}}[name]",
  ],
];

/** embind's `craftInvokerFunction` from here to there. */
const INVOKER_START = 'var returns=argTypes[0].name!=="void";var argsList="";';
const INVOKER_END = "var invokerFunction=new_(Function,args1).apply(null,args2);return invokerFunction}";
const INVOKER = `return function(){
  if(arguments.length!==argCount-2)throwBindingError("function "+humanName+" called with "+arguments.length+" arguments, expected "+(argCount-2)+" args!");
  var destructors=needsDestructorStack?[]:null,first=isClassMethodFunc?1:2,wired=[];
  for(var i=first;i<argCount;++i)wired.push(argTypes[i].toWireType(destructors,i===1?this:arguments[i-2]));
  var result=cppInvokerFunc(cppTargetFunc,...wired);
  if(destructors)runDestructors(destructors);
  else for(var i=first;i<argCount;++i)if(argTypes[i].destructorFunction!==null)argTypes[i].destructorFunction(wired[i-first]);
  if(argTypes[0].name!=="void")return argTypes[0].fromWireType(result);
}}`;

/** The published file's text, patched. Throws when it is not the text that the patches were made for. */
export function patchSentencePiece(published: string): string {
  let text = published;
  for (const [old, replacement, times = 1] of PATCHES) {
    const parts = text.split(old);
    if (parts.length !== times + 1)
      throw new Error(
        `${NAME}: ${JSON.stringify(old.slice(0, 80))} occurs ${parts.length - 1} times, expected ${times}`,
      );
    text = parts.join(replacement);
  }
  const start = text.indexOf(INVOKER_START);
  const end = text.indexOf(INVOKER_END, start);
  if (start < 0 || end < 0) throw new Error(`${NAME}: craftInvokerFunction is not the one that is known`);
  text = text.slice(0, start) + INVOKER + text.slice(end + INVOKER_END.length);
  const left = /\bnew Function\b|\beval\s*\(|\brequire\s*\('/.exec(text);
  if (left) throw new Error(`${NAME}: still holds ${left[0]}`);
  return text;
}

/** Serves the patched module wherever `sentencepiece-js` is imported: in the library, the demo and the tests. */
export function sentencePiece(): Plugin {
  let resolved = `\0${NAME}`;
  return {
    name: "sentencepiece-js without eval",
    enforce: "pre",
    config: (_, { command }) => {
      if (command === "build") resolved = `${FILE}?patched`; // under its own path its licence is found; tests would not patch it there
      return { optimizeDeps: { exclude: [NAME] } };
    },
    resolveId: (id) => (id === NAME ? resolved : undefined),
    load: async (id) => (id === resolved ? patchSentencePiece(await readFile(FILE, "utf8")) : undefined),
  };
}
