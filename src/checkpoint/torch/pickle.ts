// Python's pickles, the part of them that state dicts are made of: data and names. Nothing is ever called or looked up by
// name: a call becomes a record of what was called with what, which state-dict.ts reads. The opcodes are those that torch's
// own safe loader takes; every length, and the size of what is built, is bounded.
// Format: https://github.com/python/cpython/blob/main/Lib/pickletools.py
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import { PickleBytes } from "./pickle-bytes.js";
import {
  PickleCall,
  PickleDict,
  PickleFloat,
  PickleGlobal,
  PickleReference,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";

const MAX_STACK = 1_000_000;
/** Lists, tuples, dicts and calls of one pickle: seven for each of the most tensors that are read. */
const MAX_MADE = 1_000_000;
const HIGHEST_PROTOCOL = 5;

const ORDERED_DICT = "collections.OrderedDict";

/** The stack that opcodes work on, and what was put aside in the memo. */
class Machine {
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private made = 0;
  private readonly reader: PickleBytes;

  constructor(reader: PickleBytes) {
    this.reader = reader;
  }

  push(value: PickleValue): void {
    if (this.stack.length >= MAX_STACK) throw this.reader.wrong(`more than ${MAX_STACK} values at a time`);
    if (typeof value === "object" && value !== null && ++this.made > MAX_MADE)
      throw this.reader.wrong(`more than ${MAX_MADE} lists, tuples and dicts`);
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  top(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.reader.wrong("an operation on nothing");
    return this.stack.at(-1)!;
  }

  mark(): void {
    if (this.marks.length >= MAX_STACK) throw this.reader.wrong(`more than ${MAX_STACK} marks`);
    this.marks.push(this.stack.length);
  }

  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.reader.wrong("an operation on a mark that is not there");
    return this.stack.splice(mark);
  }

  popSome(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  remember(index: number): void {
    if (index > MAX_STACK) throw this.reader.wrong(`the memo entry ${index}; at most ${MAX_STACK} are kept`);
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.reader.wrong(`the memo entry ${index}, which was never set`);
    if (this.stack.length >= MAX_STACK) throw this.reader.wrong(`more than ${MAX_STACK} values at a time`);
    this.stack.push(value);
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.reader.wrong("an append to what is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.reader.wrong("an entry for what is no dict");
    if (items.length % 2 !== 0) throw this.reader.wrong("a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (Array.isArray(key) || key instanceof PickleDict) throw this.reader.wrong("a list or a dict as a key");
      dict.set(key, items[i + 1]!);
    }
  }

  /** What a call gives. An OrderedDict is one, since entries follow; all else stays a record. */
  reduce(): void {
    const [callee, args] = this.popSome(2) as [PickleValue, PickleValue];
    if (!(callee instanceof PickleGlobal)) throw this.reader.wrong("a call of what is no name");
    if (!(args instanceof PickleTuple)) throw this.reader.wrong(`a call of ${callee.name} without arguments`);
    const isDict = callee.name === ORDERED_DICT;
    if (isDict && args.items.length > 0) throw this.reader.wrong("an OrderedDict that is made of other values");
    this.push(isDict ? new PickleDict(true) : new PickleCall(callee.name, args.items));
  }

  /** The state of an OrderedDict (the versions of modules, `_metadata`) is of no use here. */
  build(): void {
    const [state] = this.popSome(1);
    const target = this.top();
    if (!(target instanceof PickleDict && target.ordered && state instanceof PickleDict))
      throw this.reader.wrong("a state for what is no OrderedDict");
  }
}

/**
 * Reads one pickle.
 * @param what the file, for messages
 * @param allows whether a name may be asked for, e.g. "os.system" may not
 * @returns its value and where it ends
 * @throws UnfinishedPickle when the bytes end first; CheckpointError; UnsupportedError for opcodes that torch does not write
 */
export function readPickle(
  what: string,
  bytes: Uint8Array,
  start: number,
  allows: (module: string, name: string) => boolean,
): { value: PickleValue; end: number } {
  const reader = new PickleBytes(what, bytes, start);
  const machine = new Machine(reader);
  const { view } = reader;
  const u8 = (): number => view.getUint8(reader.skip(1));
  const u32 = (): number => view.getUint32(reader.skip(4), true);
  while (true) {
    const position = reader.skip(1);
    const opcode = bytes[position]!;
    switch (String.fromCharCode(opcode)) {
      case "\x80": {
        const protocol = u8();
        if (protocol > HIGHEST_PROTOCOL)
          throw new UnsupportedError(`${what}: pickle protocol ${protocol} is not supported`);
        break;
      }
      case "N":
        machine.push(null);
        break;
      case "\x88":
      case "\x89":
        machine.push(opcode === 0x88);
        break;
      case "K":
        machine.push(u8());
        break;
      case "M":
        machine.push(view.getUint16(reader.skip(2), true));
        break;
      case "J":
        machine.push(view.getInt32(reader.skip(4), true));
        break;
      case "\x8a":
        machine.push(reader.long(u8()));
        break;
      case "G":
        machine.push(new PickleFloat(view.getFloat64(reader.skip(8))));
        break;
      case "X":
        machine.push(reader.text(u32()));
        break;
      case "U":
        machine.push(reader.text(u8()));
        break;
      case "(":
        machine.mark();
        break;
      case ")":
        machine.push(new PickleTuple([]));
        break;
      case "\x85":
      case "\x86":
      case "\x87":
        machine.push(new PickleTuple(machine.popSome(opcode - 0x84)));
        break;
      case "t":
        machine.push(new PickleTuple(machine.popToMark()));
        break;
      case "]":
        machine.push([]);
        break;
      case "a":
        machine.append([machine.pop()]);
        break;
      case "e":
        machine.append(machine.popToMark());
        break;
      case "}":
        machine.push(new PickleDict(false));
        break;
      case "s":
        machine.setItems(machine.popSome(2));
        break;
      case "u":
        machine.setItems(machine.popToMark());
        break;
      case "\x8f":
        machine.push(new PickleCall("builtins.set", []));
        break;
      case "q":
        machine.remember(u8());
        break;
      case "r":
        machine.remember(u32());
        break;
      case "h":
        machine.recall(u8());
        break;
      case "j":
        machine.recall(u32());
        break;
      case "c": {
        const module = reader.line();
        const name = reader.line();
        if (!allows(module, name)) throw refusedName(what, `${module}.${name}`);
        machine.push(new PickleGlobal(`${module}.${name}`));
        break;
      }
      case "Q":
        machine.push(new PickleReference(machine.pop()));
        break;
      case "R":
        machine.reduce();
        break;
      case "b":
        machine.build();
        break;
      case ".":
        return { value: machine.pop(), end: reader.at };
      default:
        throw new UnsupportedError(
          `${what}: the pickle opcode 0x${opcode.toString(16)} at byte ${position} is not one that torch writes`,
        );
    }
  }
}

function refusedName(what: string, name: string): CheckpointError {
  return new CheckpointError(
    `${what}: its pickle asks for ${quote(name).slice(1, -1)}; only tensors and plain values are read, nothing is ever called`,
  );
}
