// Phone numbers, by libphonenumber-js: with a country code from anywhere, without one as American or British people write
// them. A number in its national form must be grouped, or stand behind a word that announces it: ten digits alone are
// oftener an order than a phone.
import { findPhoneNumbersInText, type CountryCode, type NumberFound } from "libphonenumber-js/max";

/** [start, end) of a text. */
export type Span = readonly [start: number, end: number];

const AT_HOME: readonly CountryCode[] = ["US", "GB"];
const ANNOUNCED =
  /(?:call|phone|tel|telephone|mobile|cell|fax|text|ring|dial|whatsapp|sms|number|reach|contact)\W{0,3}(?:\w+\W{1,3}){0,3}$/i;

export function* findPhones(text: string): Iterable<Span> {
  // A comma or semicolon would be read as the pause before an extension, which joins neighbouring numbers; 00 is the +
  // of most countries. Both keep their length.
  const readable = text.replace(/[,;\0]/g, "|").replace(/(?<![\p{L}\p{N}+])00(?=[1-9])/gu, " +");
  const found: Span[] = [];
  for (const defaultCountry of AT_HOME)
    for (const phone of findPhoneNumbersInText(readable, { defaultCountry, extended: true })) {
      const span = isWritten(readable, phone) ? spanOf(text, phone) : undefined;
      if (span && !found.some(([start, end]) => start < span[1] && span[0] < end)) found.push(span);
    }
  yield* found;
}

/** With the plus or the two zeros that stand for it. */
const spanOf = (text: string, { startsAt, endsAt }: NumberFound): Span => [
  text.slice(startsAt - 1, startsAt + 1) === "00" ? startsAt - 1 : startsAt,
  endsAt,
];

/** Whether the number stands there as somebody would write a phone number. */
function isWritten(text: string, { startsAt, endsAt, number }: NumberFound): boolean {
  const written = text.slice(startsAt, endsAt);
  if (/[\p{L}\p{N}]$/u.test(text.slice(0, startsAt)) || /^[\p{L}\p{N}]/u.test(text.slice(endsAt))) return false;
  if (written.startsWith("+") || text[startsAt - 1] === "+") return true;
  const digits = written.replace(/(?:ext|x).*$/i, "").replace(/\D/g, "");
  const national = number
    .formatNational()
    .replace(/(?:ext|x).*$/i, "")
    .replace(/\D/g, "");
  // With the prefix that calls at home need (Britain's 0), so that not any ten digits are a number.
  if (digits !== national && digits !== number.countryCallingCode + national) return false;
  return /\d[ ().-]+\d/.test(written) || ANNOUNCED.test(text.slice(0, startsAt).slice(-40));
}
