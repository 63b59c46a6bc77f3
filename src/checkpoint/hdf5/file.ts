// An HDF5 file as numbers at addresses: the superblock, and object headers with their messages. It is the old format, which
// h5py writes by default and TensorFlow's save_pretrained so uses; what newer libraries can write besides is refused by name.
// Format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
import { CheckpointError, UnsupportedError } from "../../errors.js";
import type { Pages } from "../pages.js";

const SUPERBLOCK_BYTES = 96;
const ROOT_ADDRESS = 64;
const HEADER_BYTES = 16;
const MESSAGE_BYTES = 8;
/** An object with attributes of 64 KiB each, in several blocks. */
const MAX_HEADER = 4 << 20;
const MAX_MESSAGES = 10_000;
/** What stands for "nowhere". */
export const UNDEFINED: bigint = 2n ** 64n - 1n;

/** A message of an object header: its type's number and its bytes, which begin at `address`. */
export interface Message {
  readonly type: number;
  readonly bytes: DataView;
  readonly address: number;
}

export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

export class Hdf5File {
  readonly name: string;
  /** Address of the root group's object header. */
  readonly root: number;
  private readonly pages: Pages;
  /** Bytes of the file. */
  readonly end: number;
  private readonly headers = new Map<number, Promise<Message[]>>();

  private constructor(pages: Pages, root: number, end: number) {
    this.pages = pages;
    this.name = pages.file.name;
    this.root = root;
    this.end = end;
  }

  static async open(pages: Pages): Promise<Hdf5File> {
    const { name, size } = pages.file;
    const wrong = (what: string): CheckpointError => new CheckpointError(`${name}: ${what}`);
    if (size < SUPERBLOCK_BYTES) throw wrong(`has ${size} bytes, less than the first block of an HDF5 file`);
    const bytes = viewOf(await pages.read(0, SUPERBLOCK_BYTES));
    const version = bytes.getUint8(8);
    if (version !== 0) {
      const reason = "files written by TFPreTrainedModel.save_pretrained have 0";
      throw new UnsupportedError(`${name}: superblock version ${version} is not supported (${reason})`);
    }
    if (bytes.getUint8(13) !== 8 || bytes.getUint8(14) !== 8)
      throw new UnsupportedError(`${name}: addresses of ${bytes.getUint8(13)} bytes are not supported`);
    if (bytes.getBigUint64(24, true) !== 0n) throw wrong("does not begin at address 0");
    const end = bytes.getBigUint64(40, true);
    if (end > BigInt(size)) throw wrong(`is cut short: it should have ${end.toString()} bytes, not ${size}`);
    const file = new Hdf5File(pages, 0, Number(end));
    return new Hdf5File(pages, file.address(bytes, ROOT_ADDRESS, "the root group"), Number(end));
  }

  /** A damaged file. */
  wrong(what: string): CheckpointError {
    return new CheckpointError(`${this.name}: ${what}`);
  }

  /** The address that stands in a block. */
  address(block: DataView, offset: number, of: string): number {
    const address = offset + 8 <= block.byteLength ? block.getBigUint64(offset, true) : UNDEFINED;
    if (address >= BigInt(this.end)) throw this.wrong(`${of} lies outside the file`);
    return Number(address);
  }

  /** Bytes of the file; `of` says what they are. */
  async read(address: number, length: number, of: string): Promise<DataView> {
    if (!(length <= this.end - address)) throw this.wrong(`${of} reaches beyond the end of the file`);
    return viewOf(await this.pages.read(address, address + length));
  }

  /** The messages of an object. */
  header(address: number): Promise<Message[]> {
    const known = this.headers.get(address) ?? this.readHeader(address);
    this.headers.set(address, known);
    return known;
  }

  private async readHeader(address: number): Promise<Message[]> {
    const of = `the object at ${address}`;
    const prefix = await this.read(address, HEADER_BYTES, of);
    const version = prefix.getUint8(0);
    if (version !== 1) {
      if (version === 0x4f)
        throw new UnsupportedError(`${this.name}: ${of} has a header of version 2, which is not supported`);
      throw this.wrong(`${of} is none`);
    }
    const blocks = [{ start: address + HEADER_BYTES, length: prefix.getUint32(8, true) }];
    const messages: Message[] = [];
    let total = 0;
    for (let block; (block = blocks.shift());) {
      total += block.length;
      if (total > MAX_HEADER) throw this.wrong(`${of} has a header of more than ${MAX_HEADER} bytes`);
      const bytes = await this.read(block.start, block.length, of);
      for (const message of this.messagesOf(bytes, block.start, of)) {
        if (messages.length >= MAX_MESSAGES) throw this.wrong(`${of} has more than ${MAX_MESSAGES} messages`);
        messages.push(message);
        if (message.type !== MESSAGE.continuation) continue;
        const start = this.address(message.bytes, 0, `the rest of ${of}`);
        blocks.push({ start, length: this.size(message.bytes, 8, `the rest of ${of}`) });
      }
    }
    return messages;
  }

  /** A length that stands in a block; lengths above the file's end in an error where they are used. */
  size(block: DataView, offset: number, of: string): number {
    const size = offset + 8 <= block.byteLength ? block.getBigUint64(offset, true) : UNDEFINED;
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw this.wrong(`${of} has an impossible size`);
    return Number(size);
  }

  private *messagesOf(block: DataView, address: number, of: string): Generator<Message> {
    for (let at = 0; at + MESSAGE_BYTES <= block.byteLength;) {
      const type = block.getUint16(at, true);
      const length = block.getUint16(at + 2, true);
      const start = at + MESSAGE_BYTES;
      if (start + length > block.byteLength) throw this.wrong(`${of} has a message that exceeds its block`);
      const isShared = (block.getUint8(at + 4) & 2) !== 0;
      if (isShared && type !== 0)
        throw new UnsupportedError(`${this.name}: ${of} shares a message with others, which is not supported`);
      yield { type, bytes: new DataView(block.buffer, block.byteOffset + start, length), address: address + start };
      at = start + length;
    }
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A signature of four letters. */
export function hasSignature(block: DataView, signature: string): boolean {
  if (block.byteLength < signature.length) return false;
  for (let i = 0; i < signature.length; i++) if (block.getUint8(i) !== signature.charCodeAt(i)) return false;
  return true;
}

/** A text that ends at its first NUL; undefined when it is not UTF-8. */
export function textOf(block: DataView, start = 0, length: number = block.byteLength - start): string | undefined {
  const bytes = new Uint8Array(block.buffer, block.byteOffset + start, length);
  const end = bytes.indexOf(0);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch {
    return undefined;
  }
}
