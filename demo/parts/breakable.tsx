// Text for a narrow place: an e-mail or web address breaks before @, a dot or a slash, and only then inside a word.
const PLACES = /(?=[@./＠．]\p{L})/u;

export const Breakable = ({ text }: { text: string }) => (
  <>{text.split(PLACES).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={index} />, part]))}</>
);
