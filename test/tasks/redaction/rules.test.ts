// Each rule on what it must find, on what only looks like it, and its growth on long hostile texts.
import { expect, test } from "vitest";
import { ruleNames, type RuleName } from "../../../src/tasks/redaction/rule-names.js";
import { applyRules } from "../../../src/tasks/redaction/rules.js";

const found = (text: string, rules: boolean | string[] = true): string[] =>
  applyRules(text, ruleNames(rules))
    .sort((a, b) => a.span[0] - b.span[0])
    .map(({ rule, span }) => `${rule} ${text.slice(...span)}`);

const CASES: [rule: RuleName, text: string, spans: string[]][] = [
  ["CARD", "Visa 4111 1111 1111 1111, Amex 3782-822463-10005.", ["4111 1111 1111 1111", "3782-822463-10005"]],
  ["CARD", "5555555555554444 6011000990139424", ["5555555555554444", "6011000990139424"]],
  ["CARD", "card:4222222222222;", ["4222222222222"]],
  ["CARD", "4111 1111 1111 1112, 4111111111111111234567890, A4111111111111111, 0000 0000 0000 0000", []],
  ["CARD", "4111 1111 1111 1111 123", ["4111 1111 1111 1111"]],
  [
    "IBAN",
    "IBAN DE89 3704 0044 0532 0130 00, or GB82WEST12345698765432.",
    ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
  ],
  ["IBAN", "fr14 2004 1010 0505 0001 3m02 606 please", ["fr14 2004 1010 0505 0001 3m02 606"]],
  ["IBAN", "NO93-8601-1117-947 today", ["NO93-8601-1117-947"]],
  ["IBAN", "DE89 3704 0044 0532 0130 01, DE89 3704 0044 0532 0130, ZZ89370400440532013000", []],
  [
    "EMAIL",
    "Write to maria.lopez+x@mail.example.co.uk. Or <a_b@c-d.museum>",
    ["maria.lopez+x@mail.example.co.uk", "a_b@c-d.museum"],
  ],
  [
    "EMAIL",
    "jörg@müller.de, mailto:o'neil@example.org; martha.o@brightwater.example",
    ["jörg@müller.de", "o'neil@example.org", "martha.o@brightwater.example"],
  ],
  ["EMAIL", "at 5 @ noon, @handle, a@b, x@y@, me@, .@example.com", []],
  [
    "URL",
    "see https://example.com/path_(x), (http://a.org/b?c=d#e).",
    ["https://example.com/path_(x)", "http://a.org/b?c=d#e"],
  ],
  [
    "URL",
    "www.foo.de/bar! example.com, bit.ly/3xYz münchen.de",
    ["www.foo.de/bar", "example.com", "bit.ly/3xYz", "münchen.de"],
  ],
  [
    "URL",
    "http://192.168.0.1:8080/a http://[2001:db8::1]/x http://localhost:3000",
    ["http://192.168.0.1:8080/a", "http://[2001:db8::1]/x", "http://localhost:3000"],
  ],
  ["URL", "the end.Next one, readme.md, node.js, e.g. this, 3.14, a.m. http:// www.", []],
  [
    "IP",
    "from 10.0.0.1, 255.255.255.255:80 and 2001:db8::8a2e:370:7334 or ::1 fe80::1%eth0",
    ["10.0.0.1", "255.255.255.255", "2001:db8::8a2e:370:7334", "::1", "fe80::1%eth0"],
  ],
  ["IP", "256.1.1.1, 1.2.3, 1.2.3.4.5, 12:30:45, std::vector, a::b::c, 10.0.0.1000", []],
  [
    "MAC",
    "00:1B:44:11:3A:B7, 00-1b-44-11-3a-b7 and 001b.4411.3ab7",
    ["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"],
  ],
  ["MAC", "00:1B:44:11:3A, 00:1B:44:11:3A:B7:FF, 00:1B-44:11:3A:B7, 00:1G:44:11:3A:B7", []],
  [
    "PHONE",
    "Call +44 20 7946 0958 or (415) 867-5309, 0161 496 0000, 0044 20 7946 0958",
    ["+44 20 7946 0958", "(415) 867-5309", "0161 496 0000", "0044 20 7946 0958"],
  ],
  [
    "PHONE",
    "+1 (202) 456-1111 ext. 12; +91 98765 43210; +49 (0)30 901820",
    ["+1 (202) 456-1111 ext. 12", "+91 98765 43210", "+49 (0)30 901820"],
  ],
  ["PHONE", "call me on 4158675309 or text 07700 900123", ["4158675309", "07700 900123"]],
  [
    "PHONE",
    "order 4158675309, on 2024-03-12 10:15, 12/03/2024, £1,200.50, 1234567890, 192.168.100.200, 4111 1111 1111 1111",
    [],
  ],
];

test.each(CASES)("%s in %j", (rule, text, spans) => {
  expect(found(text).filter((line) => line.startsWith(`${rule} `))).toEqual(spans.map((span) => `${rule} ${span}`));
});

test("spans of one text do not overlap: an address is not looked through for numbers", () => {
  expect(found("https://x.com/4111111111111111?m=a@b.com 4111 1111 1111 1111 +14158675309@example.com")).toEqual([
    "URL https://x.com/4111111111111111?m=a@b.com",
    "CARD 4111 1111 1111 1111",
    "EMAIL +14158675309@example.com",
  ]);
});

test("some rules only, names in any case; an unknown one is refused", () => {
  expect(found("a@b.com 10.0.0.1", ["email"])).toEqual(["EMAIL a@b.com"]);
  expect(found("a@b.com", false)).toEqual([]);
  expect(() => ruleNames(["ssn"])).toThrow('there is no rule "ssn"');
});

const HOSTILE = {
  "one letter": "a",
  dots: "a.",
  digits: "4",
  groups: "4111 ",
  "at signs": "a@",
  brackets: "http://a)",
  "closing brackets": ")",
  colons: "ab:",
  plus: "+1",
  phones: "(415) ",
};
test.each(Object.entries(HOSTILE))("time grows with the length only: %s", (_, unit) => {
  const time = (length: number): number => {
    const text = `http://${unit.repeat(length / unit.length)}`;
    const started = performance.now();
    applyRules(text, ruleNames(true));
    return performance.now() - started;
  };
  time(500);
  const short = Math.min(time(1_000), time(1_000));
  // Eight times the length: linear is 8, quadratic 64. What is too quick to measure passes.
  expect(Math.min(time(8_000), time(8_000))).toBeLessThan(24 * Math.max(short, 4));
});
