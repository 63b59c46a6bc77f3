// A text as it looks, in plain characters: full-width and styled letters, digits of other scripts, letters of other
// alphabets that pass for Latin ones, invisible characters. Each unit knows where it stands in the original.

export interface PlainForm {
  readonly text: string;
  /** Where [start, end) of the plain text lies in the original, in UTF-16 units. */
  original(start: number, end: number): [start: number, end: number];
}

// Letters that most typefaces draw like a Latin one (Cyrillic, Greek, Armenian, phonetic), as in Unicode's confusables.txt:
// each beside the letter that it passes for.
const PAIRS =
  "АAВBСCЕEНHІIЈJКKМMОOРPЅSТTХXҮYԚQԜWԌGаaсcеeоoрpхxуyіiјjѕsһhԁdԛqԝwӏlӀIѵvкkмmтtпnгrьbΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXαaοoνvιiρpχxυuκkτtγyցgսuօoհhոnɡgıiɑaʏy";
const LOOK_ALIKES = new Map(Array.from(PAIRS.matchAll(/(.)(.)/gu), ([, look, latin]) => [look!, latin!]));

const isPlain = (text: string): boolean => /^[\t\n\r\x20-\x7e]*$/.test(text);

export function plainForm(text: string): PlainForm {
  if (isPlain(text)) return { text, original: (start, end) => [start, end] };
  let plain = "";
  const starts: number[] = []; // for each unit of the plain text, the character of the original that it stands for
  const ends: number[] = [];
  for (const { 0: run, index } of text.matchAll(/[\p{L}\p{M}\p{N}\p{Cf}]+|[^\p{L}\p{M}\p{N}\p{Cf}]/gu)) {
    const passesForLatin = isDisguised(run);
    let at = index;
    for (const character of run) {
      const form = (passesForLatin && LOOK_ALIKES.get(character)) || plainCharacter(character);
      plain += form;
      for (let unit = 0; unit < form.length; unit++) {
        // A character that stays itself keeps its units, so that offsets inside a surrogate pair stay there.
        starts.push(form === character ? at + unit : at);
        ends.push(form === character ? at + unit + 1 : at + character.length);
      }
      at += character.length;
    }
  }
  return {
    text: plain,
    original: (start, end) =>
      start === end ? [starts[start] ?? text.length, starts[start] ?? text.length] : [starts[start]!, ends[end - 1]!],
  };
}

/** Whether a word mixes Latin letters with their look-alikes, or is look-alikes beside digits; a word of one script is left. */
function isDisguised(word: string): boolean {
  const letters = Array.from(word.normalize("NFKC")).filter((character) => /\p{L}/u.test(character));
  if (!letters.some((letter) => LOOK_ALIKES.has(letter))) return false;
  return (
    letters.some((letter) => /[A-Za-z]/.test(letter)) ||
    (/\p{Nd}/u.test(word) && letters.every((letter) => LOOK_ALIKES.has(letter)))
  );
}

function plainCharacter(character: string): string {
  if (isPlain(character)) return character;
  if (/\p{Cf}/u.test(character)) return ""; // zero-width marks, soft hyphens, directions
  if (/\p{Zs}/u.test(character)) return " ";
  if (/[\p{Pd}\u2212]/u.test(character)) return "-";
  if (/[\u3002\uff61]/.test(character)) return "."; // ideographic full stops, which addresses take for a dot
  const compatible = character.normalize("NFKC");
  if (/^\p{Nd}$/u.test(compatible)) return String(digitValue(compatible));
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(compatible) ? compatible : character;
}

/** The value of a decimal digit of any script: each script's ten lie side by side, its zero first. */
function digitValue(digit: string): number {
  let value = 0;
  const code = digit.codePointAt(0)!;
  if (code < 128) return code - 48;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value++;
  return value;
}
