/** Reading and writing short binary records: bytes, 32-bit words, and byte strings with a length in front. */

import { UsageError } from "./assert.ts";

/** Collects bytes. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  byte(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte(value >>> shift);
  }

  /** A length (seven bits a byte, low bits first), then the bytes. */
  bytes(value: Uint8Array): void {
    let length = value.length;
    for (; length >= 0x80; length >>>= 7) this.byte(length | 0x80);
    this.byte(length);
    for (const byte of value) this.byte(byte);
  }

  text(value: string): void {
    this.bytes(new TextEncoder().encode(value));
  }

  written(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Takes apart what `ByteWriter` put together. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws {UsageError} when nothing is left. */
  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new UsageError("The record is cut short.");
    return byte;
  }

  word(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) value |= this.byte() << shift;
    return value;
  }

  bytes(): Uint8Array {
    let length = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = this.byte();
      length |= (byte & 0x7f) << shift;
    }
    if (length < 0 || this.#at + length > this.#bytes.length)
      throw new UsageError("The record is cut short.");
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }
}
