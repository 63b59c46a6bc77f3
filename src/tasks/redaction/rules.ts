// Personal data that has a form which can be checked: a pattern finds candidates, a well-kept library (validator,
// libphonenumber-js) says whether they are real. Loaded only when a redaction runs.
import isEmail from "validator/es/lib/isEmail.js";
import isIBAN from "validator/es/lib/isIBAN.js";
import isIP from "validator/es/lib/isIP.js";
import isLuhnNumber from "validator/es/lib/isLuhnNumber.js";
import isMACAddress from "validator/es/lib/isMACAddress.js";
import isURL from "validator/es/lib/isURL.js";
import { findPhones, type Span } from "./phones.js";
import type { RuleName } from "./rule-names.js";

/** A rule finds its spans in a plain text, in which spans of earlier rules are blanked out. */
type Rule = (text: string) => Iterable<Span>;

/** In the order in which they are asked: an address is not looked through for numbers, a card not for phones. */
const RULES: readonly (readonly [RuleName, Rule])[] = [
  ["URL", webAddresses],
  ["URL", bareHosts],
  ["EMAIL", (text) => checked(text, EMAIL, email)],
  ["IBAN", ibans],
  ["MAC", (text) => checked(text, MAC, (word) => (isMACAddress(word) ? word : undefined))],
  ["IP", (text) => checked(text, IPV6, address(6))],
  ["IP", (text) => checked(text, IPV4, address(4))],
  ["CARD", cards],
  ["PHONE", findPhones],
];

/** What the named rules find; spans do not overlap. */
export function applyRules(text: string, names: readonly RuleName[]): { rule: RuleName; span: Span }[] {
  const found: { rule: RuleName; span: Span }[] = [];
  let rest = text;
  for (const [rule, find] of RULES) {
    if (!names.includes(rule)) continue;
    for (const span of find(rest)) {
      const [start, end] = span;
      found.push({ rule, span });
      // A character that belongs to no pattern, so that nothing is matched across it.
      rest = rest.slice(0, start) + "\u0000".repeat(end - start) + rest.slice(end);
    }
  }
  return found;
}

/** Candidates of a pattern, cut down to what `check` accepts of them, from their beginning. */
function* checked(text: string, pattern: RegExp, check: (candidate: string) => string | undefined): Iterable<Span> {
  for (const { 0: candidate, index } of text.matchAll(pattern)) {
    const accepted = check(candidate);
    if (accepted) yield [index, index + accepted.length];
  }
}

// Neither end may lie inside a word; letters of any script, as addresses have them.
const WORD = String.raw`[\p{L}\p{M}\p{N}]`;
const LABEL = `${WORD}(?:[\\p{L}\\p{M}\\p{N}_-]{0,61}${WORD})?`;
const HOST = `${LABEL}(?:\\.${LABEL})+`;
// 64 characters is the longest local part (RFC 5321); unbounded, a long word would be scanned from each of its letters.
const EMAIL = new RegExp(
  String.raw`(?<![\p{L}\p{M}\p{N}.+_%-])(?:"[^"\s\0]{1,62}"|[\p{L}\p{M}\p{N}!#$%&'*+/=?^_{|}~-][\p{L}\p{M}\p{N}.!#$%&'*+/=?^_{|}~-]{0,63})@(?:${HOST}|\[[\da-fA-F.:]+\])`,
  "gu",
);
const MAC =
  /(?<![\p{L}\p{N}:.-])(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}|(?:[\da-f]{4}\.){2}[\da-f]{4})(?![\p{L}\p{N}]|[:-][\da-f])/giu;
const IPV4 = /(?<![\p{L}\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?!\p{L}|\p{N}|\.\d)/gu;
const IPV6 =
  /(?<![\p{L}\p{N}:.])(?:[\da-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4})(?:%[\w.-]{1,16})?(?![\p{L}\p{N}:])/giu;

function email(candidate: string): string | undefined {
  const options = { allow_utf8_local_part: true, require_tld: false, allow_ip_domain: true, ignore_max_length: true };
  return isEmail(candidate, options) ? candidate : undefined;
}

function address(version: 4 | 6): (candidate: string) => string | undefined {
  // "::" alone is a piece of code rather than an address.
  return (candidate) => (isIP(candidate, version) && /[\da-f]/i.test(candidate) ? candidate : undefined);
}

const WEB = /(?<![\p{L}\p{N}])(?:(?:https?|ftps?|sftp|wss?):\/\/|www\.)[^\s<>"\0]+/giu;

function* webAddresses(text: string): Iterable<Span> {
  for (const { 0: candidate, index } of text.matchAll(WEB)) {
    const url = withoutClosing(candidate);
    const [, host] = /^(?:\w+:\/\/)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/u.exec(url)!;
    const isHost = host!.startsWith("[")
      ? isIP(host!.slice(1, -1), 6)
      : /^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}_.-]*$/u.test(host!);
    if (isHost && host !== "www") yield [index, index + url.length];
  }
}

/** Without what belongs to the sentence around it: closing marks, and brackets that were opened before it. */
function withoutClosing(url: string): string {
  const surplus = { ")": closings(url, "(", ")"), "]": closings(url, "[", "]"), "}": closings(url, "{", "}") };
  let end = url.length;
  for (; ; end--) {
    const last = url[end - 1]!;
    if (isBracket(last) ? surplus[last]-- <= 0 : !/[.,;:!?'’”»*_]/.test(last)) return url.slice(0, end);
  }
}

const isBracket = (character: string): character is ")" | "]" | "}" => /^[)\]}]$/.test(character);

/** How many more brackets are closed than opened. */
const closings = (url: string, opening: string, closing: string): number =>
  url.split(closing).length - url.split(opening).length;

const BARE_HOST = new RegExp(
  String.raw`(?<![\p{L}\p{M}\p{N}@._/-])${HOST}(?::\d{2,5})?(\/[^\s<>"\0]*)?(?![\p{L}\p{N}@])`,
  "gu",
);
// Endings that follow a dot in texts far oftener as an address than as anything else. Countries' two letters count too,
// except where files are named so.
const COMMON_ENDING =
  /\.(?:com|org|net|edu|gov|mil|int|info|biz|app|dev|online|shop|site|cloud|(?!js|ts|cs|hs|kt|rb|vb|go|jl|py|rs|sh|pl|md|ps|so|cc|ml|mm|vi|is|it|in|at|to|me|be|do|no|my|so|am|as)[a-z]{2}|(?:co|ac|org|gov)\.(?:in|it|at|no))$/;

/** Addresses without a scheme: only with a path, or with an ending that little else has. */
function* bareHosts(text: string): Iterable<Span> {
  for (const { 0: candidate, 1: path, index } of text.matchAll(BARE_HOST)) {
    const url = withoutClosing(candidate);
    const host = url.replace(/[:/].*$/su, "");
    if (/^[\d.]+$/.test(host) || !/\.\p{L}{2,}$/u.test(host)) continue;
    const isCertain = COMMON_ENDING.test(host) || (path !== undefined && path.length > 1);
    if (isCertain && isURL(url, { require_tld: true, allow_underscores: true })) yield [index, index + url.length];
  }
}

/** Two letters, two check digits, then groups; as long as the country's numbers are. */
function* ibans(text: string): Iterable<Span> {
  const candidate = /(?<![\p{L}\p{N}])[a-z]{2} ?\d{2}(?:[ -]?[\da-z]){11,30}/giu;
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const end = longestPrefix(match[0], 15, (compact) => isIBAN(compact));
    if (end === undefined || continuesWord(text, match.index + end)) {
      candidate.lastIndex = match.index + 2;
      continue;
    }
    yield [match.index, match.index + end];
    candidate.lastIndex = match.index + end;
  }
}

/** 13 to 19 digits whose check digit is right, in one run or in groups. */
function* cards(text: string): Iterable<Span> {
  const candidate = /(?<![\p{L}\p{N}]|[\d][.,-])[1-9](?:[ -]?\d){12,18}/gu;
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const end = longestPrefix(match[0], 13, (digits) => isLuhnNumber(digits) && !/^(\d)\1*$/.test(digits));
    if (end === undefined || continuesWord(text, match.index + end) || !isGrouped(match[0].slice(0, end))) {
      // The number may stand behind another one: go on after the first group.
      candidate.lastIndex = match.index + Math.max(1, match[0].search(/[ -]/) + 1);
      continue;
    }
    yield [match.index, match.index + end];
    candidate.lastIndex = match.index + end;
  }
}

/** Cards are written in one run, or in groups of three to seven digits. */
const isGrouped = (digits: string): boolean =>
  digits.split(/[ -]/).every((group, _, all) => all.length === 1 || (group.length >= 3 && group.length <= 7));

const continuesWord = (text: string, at: number): boolean => /^[\p{L}\p{N}]/u.test(text.slice(at));

/** The end of the longest beginning of a candidate that `check` accepts without its spaces and hyphens, at group ends first. */
function longestPrefix(candidate: string, least: number, check: (compact: string) => boolean): number | undefined {
  for (let end = candidate.length; end >= least; end--) {
    if (/[ -]/.test(candidate[end - 1]!)) continue;
    const compact = candidate.slice(0, end).replace(/[ -]/g, "").toUpperCase();
    if (compact.length < least) return undefined;
    if ((end === candidate.length || /[ -]/.test(candidate[end]!)) && check(compact)) return end;
  }
  return undefined;
}
